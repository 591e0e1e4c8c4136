import { request } from 'node:https'
import { Identity, toNodeId } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { toPublicKey } from '../../src/keys/wireguard.ts'
import type { Event } from '../../src/model/event.ts'
import { DEFAULT_PROJECT } from '../../src/model/names.ts'
import type { Place } from '../api/fixture.ts'
import { findNetwork } from '../lookup.ts'

const NODE_ID_BYTES = 16
const SITES = 20
const AT_ONCE = 1_000

/** A mesh of nodes that never connected, in 20 sites: `name-0` and so on. Their keys are noise, which nobody looks into here. */
export async function populate(place: Place, name: string, size: number): Promise<void> {
  await place.post('/v1/networks', { name, nodePrefixLength: 32 })
  const { id: network } = findNetwork(place.controller.state, name)
  const { signing, sealing } = new Identity(new SecretBytes(systemRandom(32)))
  const at = Date.now()
  const events = Array.from({ length: size }, (_, index): Event[] => {
    const node = toNodeId(systemRandom(NODE_ID_BYTES))
    const labels = { site: `site-${index % SITES}` }
    const keys = { publicKey: signing.publicKey, sealingKey: sealing.publicKey }
    const person = { id: node, name: `${name}-${index}`, labels, project: DEFAULT_PROJECT, at }
    const member = {
      network,
      node,
      slot: index + 1,
      keyVersion: 1,
      publicKey: toPublicKey(systemRandom(32)),
      at,
    }
    return [
      { type: 'node-enrolled', ...person, ...keys },
      { type: 'member-added', ...member },
    ]
  })
  for (let from = 0; from < size; from += AT_ONCE)
    await place.controller.change({ actor: 'test' }, () => ({
      events: events.slice(from, from + AT_ONCE).flat(),
      result: undefined,
    }))
}

/** Bytes of the first live update that a page of a network gets after something was done. */
export async function bytesOfUpdate(
  place: Place,
  network: string,
  act: () => Promise<unknown>,
): Promise<number> {
  const headers = { authorization: `Bearer ${place.token}` }
  const path = `/v1/events?network=${network}`
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const sent = request({ host: '127.0.0.1', port: place.port, path, headers, rejectUnauthorized: false })
  sent.once('error', reject)
  sent.once('response', (response) => {
    let told = ''
    response.on('data', (piece: Buffer) => {
      if (told === '') act().catch(reject)
      told += piece.toString()
      const update = /event: graph\n.*\n\n/.exec(told)
      if (update) resolve(update[0].length)
    })
  })
  sent.end()
  return promise.finally(() => sent.destroy())
}
