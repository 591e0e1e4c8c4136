import { parseAddress } from '../address/cidr.ts'
import { WeftError } from '../errors.ts'
import type { Endpoint } from './device.ts'

const PORT_MAX = 65_535

/**
 * `text` as an endpoint in the form that `wg` prints, so that desired and observed compare. Throws `invalid-input` for
 * all but a literal address and a port: a host name would block `wg` for seconds.
 */
export function parseEndpoint(text: string): Endpoint {
  const [, ipv6, ipv4 = '', port] = /^(?:\[([^\]]*)\]|([^:]*)):([1-9]\d{0,4})$/.exec(text) ?? []
  if (port === undefined || Number(port) > PORT_MAX) throw notAnEndpoint(text)
  const host = ipv6 === undefined ? parseAddress(ipv4, 4) : `[${parseAddress(ipv6, 6)}]`
  return `${host}:${port}` as Endpoint
}

function notAnEndpoint(text: string): WeftError {
  return new WeftError('invalid-input', `${JSON.stringify(text)} is not an endpoint.`, {
    field: 'endpoint',
    advice: 'Write a literal address and a port, like 192.0.2.1:51820 or [2001:db8::1]:51820.',
  })
}
