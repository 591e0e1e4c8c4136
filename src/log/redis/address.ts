import { WeftError } from '../../errors.ts'

/** A server, by the name and port under which it is reached. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** How servers are spoken to, all alike. */
export interface Access {
  readonly tls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
}

/** What the URLs of the settings come to. */
export interface Site {
  readonly access: Access
  readonly servers: readonly Address[]
  /** `single`: it is the one. `sentinel`: they know which it is. `cluster`: any node of it. */
  readonly kind: 'single' | 'sentinel' | 'cluster'
  /** What the Sentinels call the primary. */
  readonly name: string
}

const FORM = /^redis(s?)(?:\+(sentinel|cluster))?:\/\//
const PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 } as const

/**
 * `redis://HOST:PORT/DB`, or several of `redis+sentinel://HOST:PORT/NAME` or `redis+cluster://HOST:PORT`; `rediss` for TLS;
 * `USER:PASSWORD@` before the host. Throws `invalid-config`, which never repeats the URL: it may hold a password.
 */
export function parseSite(urls: readonly string[]): Site {
  const sites = urls.map(parseUrl)
  const [first] = sites
  if (!first) throw wrong('there is none')
  if (first.kind === 'single' && sites.length > 1)
    throw wrong('several need redis+sentinel: or redis+cluster:')
  const same = ({ kind, name, access }: Site) => JSON.stringify([kind, name, access])
  if (sites.some((site) => same(site) !== same(first))) throw wrong('they do not belong to one site')
  const servers = new Map(sites.flatMap((site) => site.servers).map((one) => [addressText(one), one]))
  return { ...first, servers: [...servers.values()] }
}

function parseUrl(text: string): Site {
  const [match, secure = '', how] = FORM.exec(text) ?? []
  const kind = how === 'sentinel' || how === 'cluster' ? how : 'single'
  const url = match === undefined ? undefined : URL.parse(text.replace(FORM, 'http://'))
  if (!url?.hostname) throw wrong('one is not of the form redis://HOST:PORT')
  if (url.search || url.hash) throw wrong('nothing may follow behind ? or #')
  const path = decoded(url.pathname.slice(1))
  if (kind === 'sentinel' && !path) throw wrong('redis+sentinel: needs the name of the primary as its path')
  if (kind === 'cluster' && path) throw wrong('a Cluster has no databases')
  if (kind === 'single' && !/^\d*$/.test(path)) throw wrong('the path of redis: is the number of a database')
  return {
    kind,
    name: kind === 'sentinel' ? path : '',
    servers: [
      {
        host: url.hostname.replace(/^\[|\]$/g, ''),
        // URL leaves out 80, which is the usual port of the scheme that stands in for ours.
        port: Number(url.port || (/:80(\/|$)/.test(text) ? 80 : PORTS[kind])),
      },
    ],
    access: {
      tls: secure === 's',
      username: decoded(url.username) || undefined,
      password: decoded(url.password) || undefined,
      database: kind === 'single' ? Number(path) : 0,
    },
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrong('a percent sign stands for itself only as %25')
  }
}

export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function wrong(why: string): WeftError {
  return new WeftError('invalid-config', `The Redis URLs cannot be used: ${why}.`, {
    field: 'redisUrls',
    advice:
      'Give redis://HOST:PORT for one server, or one redis+sentinel://HOST:PORT/NAME for each Sentinel, or redis+cluster://HOST:PORT for nodes of a Cluster. In USER:PASSWORD@ write % # / ? @ as %25 %23 %2F %3F %40.',
  })
}
