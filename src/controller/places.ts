import { networkInterfaces } from 'node:os'
import { WeftError } from '../errors.ts'
import type { ControllerSettings } from './settings.ts'

/** Where to listen. */
export type ListenPlace =
  | { readonly host: string; readonly port: number }
  /** A Unix socket. */
  | { readonly path: string }

/** `127.0.0.1:7443`, `[::1]:7443` or `unix:/path`. Throws `invalid-config` for anything else. */
export function parseListenPlace(text: string): ListenPlace {
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length) }
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^[\]:]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host !== undefined && port <= 65_535) return { host, port }
  throw new WeftError('invalid-config', `listen: '${text}' is no place to listen at.`, {
    field: 'listen',
    advice: 'Write HOST:PORT, [IPv6]:PORT or unix:/path, such as 127.0.0.1:7443.',
  })
}

/** The URLs that join tokens carry: as set, or what `listen` comes to on this machine; any-address becomes every address. */
export function publicUrls(settings: ControllerSettings, listen: readonly string[]): readonly string[] {
  if (settings.publicUrls.length > 0) return settings.publicUrls
  const scheme = settings.insecurePlainWebsocket ? 'http' : 'https'
  return listen.map(parseListenPlace).flatMap((place) => {
    if ('path' in place) return [`unix:${place.path}`]
    return hostsOf(place.host).map(
      (host) => `${scheme}://${host.includes(':') ? `[${host}]` : host}:${place.port}`,
    )
  })
}

function hostsOf(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host]
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses
    .filter(({ family, internal, scopeid }) => !internal && !scopeid && (host === '::' || family === 'IPv4'))
    .map(({ address }) => address)
}
