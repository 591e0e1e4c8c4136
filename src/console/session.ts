import { Store } from './store.ts'

/** Who is signed in: by a token, or by a cookie that this page cannot read. */
export interface Session {
  /** What goes along with every request. */
  readonly headers: Readonly<Record<string, string>>
}

/** Of this tab only, gone when it is closed. */
const KEY = 'weft.token'

export const session = new Store<Session | undefined>(restore())

/** A session by an API token; whether the controller takes it shows with the first request. */
export function withToken(token: string): Session {
  // What cannot stand in a header is no token, and would be refused by the browser in its own words.
  return { headers: { authorization: `Bearer ${token.replace(/[^\x21-\x7e]/g, '?')}` } }
}

/** The session that a browser has by a cookie. It counts only beside this header, which no other site can send. */
export const BY_COOKIE: Session = { headers: { 'weft-console': '1' } }

/** Signs in, for as long as this tab lives. */
export function keep(taken: Session, token: string): void {
  sessionStorage.setItem(KEY, token)
  session.set(taken)
}

export function signOut(): void {
  sessionStorage.removeItem(KEY)
  session.set(undefined)
}

function restore(): Session | undefined {
  const token = sessionStorage.getItem(KEY)
  return token === null ? undefined : withToken(token)
}
