import type { RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import type { Clock } from '../../clock.ts'
import { request as plainRequest, tlsRequest } from '../../http.ts'
import { hostOf, isPermitted, permittedLookup, RefusedAddress, type TargetSettings } from './target.ts'

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface PostTools {
  readonly settings: TargetSettings
  readonly clock: Clock
  /** Ends the attempt. */
  readonly signal: AbortSignal
}

/** What became of an attempt: an HTTP status, or why there is none. */
export type PostResult =
  | { readonly status: number; readonly retryAfter: number | undefined }
  | { readonly error: string }

/** From the look-up of the name to the last byte of the answer that is read, in ms. */
const LIMIT = 10_000
/** Of an answer so much is read, so that the connection ends well; nobody looks into it. */
const ANSWER_BYTES = 16_384
/** Longest wait that a receiver can ask for, in ms. */
const LONGEST_WAIT = 3_600_000

/**
 * One attempt. Goes to permitted addresses only, follows no redirect, keeps no connection, and tells nothing of what was
 * answered but the status: the answer of a service inside is not for whoever made the webhook. Never rejects.
 */
export async function post(
  { url, headers, body }: Post,
  { settings, clock, signal }: PostTools,
): Promise<PostResult> {
  const target = new URL(url)
  const host = hostOf(target)
  if (isIP(host) && !isPermitted(host, settings)) return { error: 'its address is not public' }
  if (target.protocol !== 'https:' && !settings.webhookPlainHttp) return { error: 'it is not https' }
  const limit = new AbortController()
  const cancel = clock.after(LIMIT, () => limit.abort())
  const options: RequestOptions = {
    method: 'POST',
    agent: false,
    lookup: permittedLookup(settings),
    signal: AbortSignal.any([signal, limit.signal]),
    maxHeaderSize: ANSWER_BYTES,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'weft/1',
      ...headers,
    },
  }
  try {
    return await exchange(target, options, body)
  } catch (error) {
    return { error: limit.signal.aborted ? `no answer within ${LIMIT / 1_000} s` : reasonOf(error) }
  } finally {
    cancel()
  }
}

function exchange(target: URL, options: RequestOptions, body: string): Promise<PostResult> {
  return new Promise((resolve, reject) => {
    const send = target.protocol === 'https:' ? tlsRequest : plainRequest
    const sent = send(target, options, (response) => {
      const status = response.statusCode ?? 0
      const retryAfter = waitOf(response.headers['retry-after'])
      const done = () => {
        resolve({ status, retryAfter })
        response.destroy()
      }
      let read = 0
      response.on('data', (part: Buffer) => {
        read += part.length
        if (read > ANSWER_BYTES) done()
      })
      response.on('end', done).on('error', done)
      // The status is what counts; an answer that breaks off later, or never ends, changes nothing about it.
      sent.off('error', reject).on('error', done)
    })
    sent.on('error', reject).end(body)
  })
}

/** Milliseconds; dates are not worth a clock of others. */
function waitOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header)
    ? Math.min(Number(header) * 1_000, LONGEST_WAIT)
    : undefined
}

/** In words of ours: a message of the system may hold what others wrote. */
function reasonOf(error: unknown): string {
  if (error instanceof RefusedAddress) return error.message
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return (
    REASONS[code] ??
    (/CERT|TLS|SSL/.test(code) ? 'its certificate is not trusted' : `no connection (${code.slice(0, 40)})`)
  )
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ETIMEDOUT: 'no connection in time',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  ABORT_ERR: 'the controller stopped',
}
