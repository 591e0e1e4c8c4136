// Calls REST over many connections at once, with as little of its own as can be.

import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { answerCalls } from '../helper.ts'
import { now } from '../scenario.ts'

export interface Calling {
  readonly port: number
  readonly token: string
  readonly connections: number
  /** Without TLS. */
  readonly isPlain?: boolean
  /** Path and body of each POST. */
  readonly requests: readonly (readonly [path: string, body: string])[]
}

const calls = {
  /** Sends all requests, each connection one after the other; gives the ms of each and of all. */
  async post({
    port,
    token,
    connections,
    isPlain,
    requests,
  }: Calling): Promise<{ readonly times: number[]; readonly took: number }> {
    const texts = requests.map(([path, body]) => requestOf(path, body, token))
    const sockets = await Promise.all(Array.from({ length: connections }, () => open(port, isPlain)))
    const times: number[] = []
    const queue = texts.values()
    const start = now()
    await Promise.all(
      sockets.map(async (socket) => {
        for (const text of queue) {
          const sent = now()
          await exchange(socket, text)
          times.push(now() - sent)
        }
      }),
    )
    const took = now() - start
    for (const socket of sockets) socket.destroy()
    return { times, took }
  },
}

function requestOf(path: string, body: string, token: string): string {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: weft',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

async function open(port: number, isPlain = false): Promise<Socket> {
  const place = { host: '127.0.0.1', port }
  const socket = isPlain
    ? connectPlain(place)
    : connect({ ...place, rejectUnauthorized: false, minVersion: 'TLSv1.3' })
  await once(socket, isPlain ? 'connect' : 'secureConnect')
  return socket.setNoDelay(true)
}

/** One request and the whole answer, which must be 201. */
function exchange(socket: Socket, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    const take = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      const [, length] = /content-length: (\d+)/i.exec(text) ?? []
      if (end < 0 || text.length < end + 4 + Number(length)) return
      socket.off('data', take)
      if (text.startsWith('HTTP/1.1 201')) resolve()
      else reject(new Error(text))
    }
    socket.on('data', take)
    socket.write(request)
  })
}

export type CallerCalls = typeof calls

answerCalls(calls)
