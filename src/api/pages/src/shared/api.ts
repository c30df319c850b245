// Calls of the service that the page came from.

/** Why a call did not do what was asked. `status` 0: no answer came. */
export interface Problem {
  status: number;
  code: string;
  message: string;
  details?: string;
  retryAt?: string;
}

export type Answer<T> = { ok: true; body: T } | { ok: false; problem: Problem };

/** Where the service begins: what stands before `link/<token>` in the address, or the folder of the dashboard. */
export const root = location.pathname.replace(/(link\/[^/]*\/?)?$/, '');

export async function call<T>(token: string, method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer<T>> {
  try {
    const answer = await fetch(root + path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      signal: signal ?? null,
    });
    const said = await answer.json().catch(() => ({}));
    return answer.ok ? { ok: true, body: said as T } : { ok: false, problem: problemOf(answer.status, said) };
  } catch {
    return { ok: false, problem: { status: 0, code: 'UNREACHABLE', message: '' } };
  }
}

export function problemOf(status: number, said: { error?: Partial<Problem> }): Problem {
  const { code = '', message = '', details, retryAt } = said.error ?? {};
  return { status, code: String(code), message: String(message), ...(details ? { details } : {}), ...(retryAt ? { retryAt } : {}) };
}
