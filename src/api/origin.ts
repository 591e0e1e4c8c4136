import type { FastifyRequest } from 'fastify'
import type { Deadline } from '../controller/intime.ts'
import type { Origin } from '../log/log.ts'

interface Asker {
  readonly actor: string
  readonly origin: Origin
  readonly deadline: Deadline | undefined
}

/**
 * Who asks for a change, and from where: for the log; and by when it has to be answered. The address is that of the connection; headers that claim another
 * one are not believed, because anybody can write them.
 */
export function askedBy(request: FastifyRequest): Asker {
  const { actor, id, socket, deadline } = request
  const address = socket.remoteAddress?.replace(/^::ffff:/, '')
  const origin: Origin = { via: 'rest', ...(address !== undefined && { address }), request: id }
  return { actor, origin, deadline }
}
