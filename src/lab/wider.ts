import { FIRST_FREE_PLACE, lanOf, member, onInternet, publicPort, relay } from './internet.ts'
import type { HostPlan, Scenario } from './topology.ts'

/** Bytes: the least that IPv6 allows, a tunnel, PPPoE (RFC 2516), Ethernet. */
const MTUS = [1_280, 1_420, 1_492, 1_500] as const

/** Members `four-1` and `four-2` with IPv4 alone, `six-1` and `six-2` with IPv6 alone; `relay-1` has both. */
export function dualStack(): Scenario {
  const [fours, sixes] = [
    ['four-1', 'four-2'],
    ['six-1', 'six-2'],
  ]
  const place = (name: string) => FIRST_FREE_PLACE + [...fours, ...sixes].indexOf(name)
  return onInternet({
    name: 'dual-stack',
    summary: 'two nodes with IPv4 alone and two with IPv6 alone, which meet through a relay that has both',
    hosts: [
      relay('relay-1'),
      ...fours.map((name) => member(name, publicPort(place(name), { families: [4] }))),
      ...sixes.map((name) => member(name, publicPort(place(name), { families: [6] }))),
    ],
    paths: [{ kind: 'direct', among: fours }, { kind: 'direct', among: sixes }, { kind: 'relayed' }],
  })
}

/** Public members `mtu-1280` to `mtu-1500`, named for their cables to the Internet; two relays for want of a direct path. */
export function mtu(): Scenario {
  return onInternet({
    name: 'mtu',
    summary: 'public nodes on underlays of 1280, 1420, 1492 and 1500 bytes; two relays',
    hosts: [
      relay('relay-1'),
      relay('relay-2'),
      ...MTUS.map((bytes, index) =>
        member(`mtu-${bytes}`, publicPort(FIRST_FREE_PLACE + index, { mtu: bytes })),
      ),
    ],
    paths: [{ kind: 'direct' }],
  })
}

/** Members `gate-X`, `X-1` and `X-2` for the sites a, b and c: a LAN each, with the public gateway as its router. */
export function sites(): Scenario {
  const names = ['a', 'b', 'c'] as const
  return onInternet({
    name: 'sites',
    summary: 'three sites of a gateway and two nodes each; gateways carry what goes between',
    hosts: names.flatMap((site, index) => siteHosts(site, index)),
    overlay: 'sites',
    paths: [
      ...names.map((site) => ({ kind: 'lan' as const, among: [`gate-${site}`, `${site}-1`, `${site}-2`] })),
      { kind: 'direct', among: names.map((site) => `gate-${site}`) },
      { kind: 'gateways' },
    ],
  })
}

function siteHosts(site: string, index: number): HostPlan[] {
  const lan = lanOf(site, `192.168.${index + 1}`)
  return [
    {
      name: `gate-${site}`,
      ports: [publicPort(FIRST_FREE_PLACE + index), lan.inside],
      router: { nat: 'cone', open: true },
      agent: { member: true, roles: ['gateway'], site },
    },
    member(`${site}-1`, lan.port(2), { site }),
    member(`${site}-2`, lan.port(3), { site }),
  ]
}
