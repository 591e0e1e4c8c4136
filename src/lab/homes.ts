import {
  addressesOf,
  CONTROLLER_PORT,
  FIRST_FREE_PLACE,
  homeRouter,
  lanOf,
  member,
  onInternet,
  publicPort,
  relay,
} from './internet.ts'
import type { HostPlan, Nat, Port, Scenario } from './topology.ts'

const [PLACE_A, PLACE_B] = [FIRST_FREE_PLACE, FIRST_FREE_PLACE + 1]

/** Members `a-1` and `a-2` in one LAN, `b-1` and `b-2` in another, and routers that keep the ports of those inside. */
export function cone(): Scenario {
  return onInternet({
    name: 'cone',
    summary: 'two LANs of two nodes behind routers that keep ports; two public relays',
    hosts: [...relays(), ...twoHomes('cone', ['192.168.1', '192.168.2'])],
    paths: [...IN_TWO_HOMES, { kind: 'punched' }],
  })
}

/** As `cone`, but each router uses another port for every destination. */
export function symmetric(): Scenario {
  return onInternet({
    name: 'symmetric',
    summary: 'as cone, but with another outside port for every destination',
    hosts: [...relays(), ...twoHomes('symmetric', ['192.168.1', '192.168.2'])],
    paths: [...IN_TWO_HOMES, { kind: 'relayed' }],
  })
}

/** As `cone`, but the two LANs have the same range, and their nodes the same addresses. */
export function sameLan(): Scenario {
  return onInternet({
    name: 'same-lan',
    summary: 'as cone, but both LANs have the same private addresses',
    hosts: [...relays(), ...twoHomes('cone', ['192.168.1', '192.168.1'])],
    paths: [...IN_TWO_HOMES, { kind: 'punched' }],
  })
}

/** Member `deep` behind its own router and that of its carrier (RFC 6598), member `home` behind one router. */
export function doubleNat(): Scenario {
  const carrier = lanOf('carrier', '100.64.0')
  const [deep, home] = [lanOf('deep', '192.168.1'), lanOf('home', '192.168.2')]
  return onInternet({
    name: 'double-nat',
    summary:
      'a node behind its own router and that of its carrier, and one behind a single router; two relays',
    hosts: [
      ...relays(),
      homeRouter('nat-carrier', publicPort(PLACE_A), carrier, { nat: 'cone' }),
      homeRouter('nat-deep', carrier.port(2), deep, { nat: 'cone' }),
      homeRouter('nat-home', publicPort(PLACE_B), home, { nat: 'cone' }),
      member('deep', deep.port(2)),
      member('home', home.port(2)),
    ],
    paths: [{ kind: 'punched' }],
  })
}

/** Homes of the lab `roaming` between which `rover` can move. */
export type RovingPlace = 'a' | 'b'

const ROVING = { a: lanOf('a', '192.168.1'), b: lanOf('b', '192.168.2') } as const

/** Members `a-1` and `b-1` in two LANs, and `rover` in that of `place`. */
export function roaming(place: RovingPlace = 'a'): Scenario {
  return onInternet({
    name: 'roaming',
    summary: 'two LANs with a node each, and one that can move between them; two relays',
    hosts: [
      ...relays(),
      homeRouter('nat-a', publicPort(PLACE_A), ROVING.a, { nat: 'cone' }),
      homeRouter('nat-b', publicPort(PLACE_B), ROVING.b, { nat: 'cone' }),
      member('a-1', ROVING.a.port(2)),
      member('b-1', ROVING.b.port(2)),
      member('rover', rovingPort(place)),
    ],
    paths: [{ kind: 'lan', among: ['rover', `${place}-1`] }, { kind: 'punched' }],
  })
}

/** Where `rover` is in a home: `lab.underlay.move('rover', rovingPort('b'))`. */
export function rovingPort(place: RovingPlace): Port {
  return ROVING[place].port(9)
}

/** Member `captive`, whose router lets it talk to the controller and `relay-1` only; `home` behind a kinder one; `open`. */
export function captive(): Scenario {
  const [cell, home] = [lanOf('cell', '192.168.1'), lanOf('home', '192.168.2')]
  const [first, second] = [relay('relay-1'), relay('relay-2')]
  const only = [CONTROLLER_PORT, ...first.ports]
    .flatMap(addressesOf)
    .filter((address) => !address.includes(':'))
  return onInternet({
    name: 'captive',
    summary:
      'a node that gets out to the controller and one relay only, one behind a usual router, one public',
    hosts: [
      first,
      second,
      homeRouter('nat-cell', publicPort(PLACE_A), cell, { nat: 'cone', only }),
      homeRouter('nat-home', publicPort(PLACE_B), home, { nat: 'cone' }),
      member('captive', cell.port(2)),
      member('home', home.port(2)),
      member('open', publicPort(FIRST_FREE_PLACE + 2)),
    ],
    paths: [{ kind: 'direct', among: ['home', 'open'] }, { kind: 'relayed' }],
  })
}

const IN_TWO_HOMES = [
  { kind: 'lan', among: ['a-1', 'a-2'] },
  { kind: 'lan', among: ['b-1', 'b-2'] },
] as const

function relays(): HostPlan[] {
  return [relay('relay-1'), relay('relay-2')]
}

function twoHomes(nat: Nat, [rangeA, rangeB]: readonly [string, string]): HostPlan[] {
  const [a, b] = [lanOf('a', rangeA), lanOf('b', rangeB)]
  return [
    homeRouter('nat-a', publicPort(PLACE_A), a, { nat }),
    homeRouter('nat-b', publicPort(PLACE_B), b, { nat }),
    member('a-1', a.port(2)),
    member('a-2', a.port(3)),
    member('b-1', b.port(2)),
    member('b-2', b.port(3)),
  ]
}
