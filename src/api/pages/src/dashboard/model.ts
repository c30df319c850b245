// What the service says of instances (docs/contract.md 1.1 to 1.5), as far as the dashboard shows it.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { call, type Answer } from '../shared/api';

export type State = 'disconnected' | 'connecting' | 'connected' | 'loggedout' | 'passkey_required';

export interface Instance {
  id: string;
  name: string;
  /** To the account token only. */
  token?: string;
  numberJid: string | null;
  connection: { state: State; since: string };
  reason?: { code: string; message: string; retryAt?: string };
}

export interface Settings {
  autoRejectCalls: boolean;
  callRejectMessage: string;
  ignoreGroupMessages: boolean;
  keepOnlineStatus: boolean;
  autoReadMessages: boolean;
  disableHistorySync: boolean;
  ignoreStatus: boolean;
}

export interface Proxy {
  enabled: boolean;
  protocol: 'http' | 'https' | 'socks5' | null;
  host: string | null;
  port: string | null;
  username: string | null;
}

export interface Webhook {
  label: string;
  enabled: boolean;
  url: string;
  authorization: string | null;
  byEvents: boolean;
  events: string[];
  secret?: string;
  disabledReason?: string;
  pending: number;
  delivered: number;
  deadLetters: number;
}

export interface Attempt {
  timestamp: string;
  event: string;
  outcome: string;
  status: number | null;
  cause: string | null;
  durationMs: number;
}

export interface LinkRow {
  id: string;
  title: string | null;
  uses: number;
  used: number;
  expiresAt: string;
  state: 'open' | 'used' | 'expired';
}

export const eventNames = ['message.exchange', 'message.status', 'call.update', 'group.flow', 'instance.state', 'label.update'];

/** `+5511999999999`, or empty. */
export const numberOf = ({ numberJid }: Instance): string => (numberJid ? `+${numberJid.split('@')[0]}` : '');

/** Calls with the reader's token. */
export type Call = <T = unknown>(method: string, path: string, body?: unknown) => Promise<Answer<T>>;

export interface Service {
  token: string;
  call: Call;
  /** Reads the list anew. */
  refresh: () => Promise<void>;
}

export const ServiceContext = createContext<Service>(null!);
export const useService = (): Service => useContext(ServiceContext);

export function callWith(token: string, onUnauthorized: () => void): Call {
  return async (method, path, body) => {
    const answer = await call<any>(token, method, path, body);
    if (!answer.ok && answer.problem.status === 401) onUnauthorized();
    return answer;
  };
}
