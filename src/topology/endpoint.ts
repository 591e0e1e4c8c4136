import { type Address, familyOf, parseAddress } from '../address/cidr.ts'
import type { Family } from '../address/number.ts'
import type { Endpoint } from '../wireguard/device.ts'

/** An endpoint taken apart. */
export interface Socket {
  readonly address: Address
  /** 1 to 65535. */
  readonly port: number
}

/** `192.0.2.1:51820`, `[2001:db8::1]:51820`. */
export function toEndpoint({ address, port }: Socket): Endpoint {
  return (familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`) as Endpoint
}

/** The parts of an endpoint, or undefined for port 0, for one with a zone, and for what is no endpoint at all. */
export function socketOf(endpoint: string): Socket | undefined {
  const found = /^(?:\[([\da-f:.]+)\]|([\d.]+)):(\d{1,5})$/.exec(endpoint)
  // Most nodes have none that is forwarded: an error that says so would cost more than all the rest.
  if (!found) return undefined
  const [, bracketed, plain, digits = ''] = found
  const address = readAddress(bracketed ?? plain ?? '')
  const port = Number(digits)
  return address && isPort(port) ? { address, port } : undefined
}

/** Its address alone. */
export function hostOf(endpoint: Endpoint): Address {
  return endpoint.replace(/^\[|\]?:\d+$/g, '') as Address
}

export function endpointFamily(endpoint: Endpoint): Family {
  return endpoint.startsWith('[') ? 6 : 4
}

/** Whether a socket can be bound to `port`: 1 to 65535. */
export function isPort(port: number | undefined): port is number {
  return port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65_535
}

/** `text` as an address, or undefined: what others report may be anything. */
export function readAddress(text: string): Address | undefined {
  try {
    return parseAddress(text)
  } catch {
    return undefined
  }
}
