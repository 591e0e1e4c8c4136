// Callers that prove nothing, and come again and again: from some addresses, as those who mean harm have them.

import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { systemRandom } from '../../../src/keys/random.ts'
import { answerCalls } from '../helper.ts'

const ADDRESSES = 4
/** For which each of them stays, if it may. */
const STAY_MS = 1_000

let calls = 0

/** Says nothing, says nonsense, or says nothing more after TLS. */
function call(port: number, kind: number): void {
  calls += 1
  const place = { port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (calls % ADDRESSES)}` }
  const socket: Socket = kind === 2 ? connectTls({ ...place, rejectUnauthorized: false }) : connect(place)
  if (kind === 1) socket.write(systemRandom(500))
  const end = setTimeout(() => socket.destroy(), STAY_MS)
  socket.on('error', () => undefined).resume()
  socket.once('close', () => {
    clearTimeout(end)
    setTimeout(call, STAY_MS / 10, port, kind)
  })
}

const helperCalls = {
  /** From now on so many are there at any time. */
  begin(port: number, count: number): void {
    for (let at = 0; at < count; at++) call(port, at % 3)
  },
  /** How often they have come. */
  calls: () => calls,
}

export type StrangerCalls = typeof helperCalls

answerCalls(helperCalls)
