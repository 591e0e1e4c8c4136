import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Enrolment } from '../../agent/home.ts'
import { toWeftError, WeftError } from '../../errors.ts'
import { request } from '../../http.ts'
import { connectPinned } from '../../keys/pinned.ts'
import { parseControllerUrl } from '../url.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const ANSWER_MS = 5_000
/** A clock that is further off makes two logs hard to read side by side, and handshake ages wrong. */
const CLOCK_SECONDS = 30

/** Whether a controller answers at each of its URLs with the certificate that is pinned, and what time it has. */
export async function checkController({ urls, fingerprint }: Enrolment): Promise<Finding[]> {
  const findings = await Promise.all(urls.map((url) => checkUrl(url, fingerprint)))
  return findings.flat()
}

async function checkUrl(url: string, fingerprint: string): Promise<Finding[]> {
  const check = `controller ${url}`
  if (url.startsWith('http:'))
    return [warn(check, 'It is spoken to in the clear.', 'Use TLS unless the wire encrypts already.')]
  try {
    const date = await dateAt(`${url}#${fingerprint}`)
    return [ok(check, 'It answers, with the pinned certificate.'), checkClock(date, Date.now())]
  } catch (error) {
    const { message, advice } = toWeftError(error)
    return [fail(check, message, advice ?? 'See whether it runs, and whether a firewall is in between.')]
  }
}

/** Milliseconds since 1970, by the controller's clock. */
async function dateAt(url: string): Promise<number> {
  const { place, fingerprint } = parseControllerUrl(url)
  using socket = held(await connectPinned(place, fingerprint, ANSWER_MS))
  const asked = request({ path: '/healthz', createConnection: () => socket.connection })
  asked.end()
  const signal = AbortSignal.timeout(ANSWER_MS)
  const [answer]: IncomingMessage[] = await once(asked, 'response', { signal }).catch((cause) => {
    throw new WeftError('unavailable', 'It takes connections and does not answer.', {
      advice: 'See its log; it may be starting, stopping or overloaded.',
      cause,
    })
  })
  return Date.parse(answer?.headers.date ?? '')
}

function held<Connection extends { destroy(): unknown }>(connection: Connection) {
  return { connection, [Symbol.dispose]: () => void connection.destroy() }
}

/** @param controller, own milliseconds since 1970 */
export function checkClock(controller: number, own: number): Finding {
  const off = Math.round((own - controller) / 1_000)
  if (Math.abs(off) <= CLOCK_SECONDS) return ok('clock', 'It agrees with that of the controller.')
  const how = `${Math.abs(off)} s ${off > 0 ? 'ahead of' : 'behind'} that of the controller`
  return warn(
    'clock',
    `It is ${how}.`,
    'Let it be set by NTP; tunnels do not depend on it, times in logs do.',
  )
}
