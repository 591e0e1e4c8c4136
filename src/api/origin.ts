import type { FastifyRequest } from 'fastify'
import type { Origin } from '../log/log.ts'

/**
 * Who asks for a change, and from where: for the log. The address is that of the connection; headers that claim another
 * one are not believed, because anybody can write them.
 */
export function askedBy(request: FastifyRequest): { readonly actor: string; readonly origin: Origin } {
  const { actor, id, socket } = request
  const address = socket.remoteAddress?.replace(/^::ffff:/, '')
  return { actor, origin: { via: 'rest', ...(address !== undefined && { address }), request: id } }
}
