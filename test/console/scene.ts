import type { Place } from '../api/fixture.ts'
import { eventually } from '../rig.ts'
import { Cast, relayedEndpoint } from './cast.ts'

/** Two sites with a LAN each, a home behind a bad router, two relays: every kind of path, and one link that is down. */
export async function stage(place: Place): Promise<Cast> {
  const cast = new Cast(place, 'demo')
  await cast.open()
  await cast.join('relay-1', { addresses: ['203.0.113.1/24'], labels: { site: 'hosting' } })
  await cast.join('relay-2', { addresses: ['203.0.113.2/24'], labels: { site: 'hosting' } })
  for (const name of ['relay-1', 'relay-2']) await place.post(`/v1/nodes/${name}/roles`, { roles: ['relay'] })
  for (const [at, name] of ['web-1', 'web-2', 'db-1'].entries())
    await cast.join(name, { addresses: [`192.168.1.${at + 2}/24`], labels: { site: 'berlin' } })
  for (const [at, name] of ['api-1', 'api-2'].entries())
    await cast.join(name, { addresses: [`192.168.7.${at + 2}/24`], labels: { site: 'oslo' } })
  await cast.join('laptop', { addresses: ['192.168.99.2/24'], labels: { owner: HOSTILE } })
  for (const name of cast.names) {
    if (!name.startsWith('relay')) cast.attach(name, { 'relay-1': true, 'relay-2': true })
    cast.apply(name)
  }
  await eventually(
    'relayed links can be tried',
    () => relayedEndpoint(place, 'demo', 'laptop', 'web-1'),
    20_000,
  )
  await act(place, cast)
  return cast
}

/** What must stay text wherever it is shown. */
export const HOSTILE =
  '<img src=x onerror="document.title=\'taken\'"></script><script>document.title="taken"</script>'

const BERLIN = ['web-1', 'web-2', 'db-1']
const OSLO = ['api-1', 'api-2']

async function act(place: Place, cast: Cast): Promise<void> {
  for (const [a, b] of pairs(BERLIN)) cast.see(a, b, '192.168.1.9:51820', { rx: 80_000_000, tx: 9_000_000 })
  for (const [a, b] of pairs(OSLO)) cast.see(a, b, '192.168.7.9:51820')
  for (const at of [1, 2])
    for (const other of [...BERLIN, ...OSLO, 'laptop'])
      cast.see(other, `relay-${at}`, `203.0.113.${at}:51820`)
  cast.see('relay-1', 'relay-2', '203.0.113.2:51820')
  for (const a of BERLIN) for (const b of OSLO) cast.see(a, b, '198.51.100.7:40001', { rx: 500_000 })
  for (const other of ['web-1', 'web-2', 'api-1']) {
    const endpoint = await relayedEndpoint(place, 'demo', 'laptop', other)
    if (endpoint) cast.see('laptop', other, endpoint)
  }
  cast.see('laptop', 'db-1', '198.51.100.9:40001', { age: 400 })
}

function pairs(names: readonly string[]): [string, string][] {
  return names.flatMap((a, at) => names.slice(at + 1).map((b): [string, string] => [a, b]))
}
