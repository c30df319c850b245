// What the service says of a link (docs/contract.md, links).

export interface Reason {
  code: string;
  message: string;
  retryAt?: string;
  status?: number;
}

export interface Passkey {
  stage: 'requested' | 'submitted' | 'confirm' | 'confirmed';
  expiresAt?: string;
  publicKey?: unknown;
  code?: string | null;
}

export interface View {
  state: 'idle' | 'starting' | 'qr' | 'code' | 'passkey' | 'linking' | 'connected' | 'failed';
  qr: { svg: string; expiresIn: number } | null;
  code: { value: string; expiresIn: number } | null;
  passkey: Passkey | null;
  number: string | null;
  reason: Reason | null;
}

export interface Link {
  title: string | null;
  returnUrl: string | null;
  expiresAt: string;
  uses: number;
  used: number;
}

export type Method = 'qr' | 'code';

/** What a start is asked for. */
export type Start = { method: 'qr' } | { method: 'code'; number: string };

/** Of something shown for a time: when that is over (performance.now()), and how long it was shown when it came. */
export interface Timed {
  deadline: number;
  total: number;
}
