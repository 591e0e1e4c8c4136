import type { Socket } from 'node:net'
import { WeftError } from '../errors.ts'
import { STATUS_CODES } from '../http.ts'
import { type Failure, toProblem } from './problem.ts'
import { PROBLEM_TYPE } from './schemas/problem.ts'

/** Answers with problem details on a socket that the framework has no reply for, and closes it. */
export function endWithProblem(socket: Socket, failed: Failure): void {
  socket.on('error', () => socket.destroy())
  if (!socket.writable) return
  const body = JSON.stringify(toProblem(failed, 'none'))
  const head = [
    `HTTP/1.1 ${failed.status} ${STATUS_CODES[failed.status]}`,
    'connection: close',
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** For what the HTTP parser gives up on: a request that is too slow, has too large a head, or is no HTTP. */
export function answerMalformed(cause: Error, socket: Socket): void {
  const reason = 'code' in cause ? String(cause.code) : ''
  const known = MALFORMED[reason] ?? (reason.startsWith('HPE_') ? NO_HTTP : undefined)
  // Whatever else it is, a failed TLS handshake for instance, there is nobody to tell.
  if (!known) return void socket.destroy()
  const [status, message] = known
  endWithProblem(socket, { status, error: new WeftError('invalid-input', message, { cause }) })
}

const NO_HTTP: readonly [number, string] = [400, 'This is not an HTTP request.']
const MALFORMED: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: [431, 'The head of the request is larger than 16 KiB.'],
}
