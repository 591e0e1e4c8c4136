import type { NodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import type { Notebook } from '../ledger/notebook.ts'

/** A member that a relay can speak of. */
interface WitnessPlace {
  readonly network: NetworkId
  readonly node: NodeId
}

/** `endpoint` is undefined when the word does not count any more; `place` is the network and the member. */
type WitnessListener = (relay: NodeId, place: string, endpoint: string | undefined) => void

/** What relays say of where members' packets come from; noted, so that a controller that starts again knows it. */
export class Testimony {
  readonly #notes: Pick<Notebook, 'put' | 'delete' | 'all'>
  readonly #isOnline: (node: NodeId) => boolean
  /** By place, and there by relay. */
  readonly #words = new Map<string, Map<NodeId, string>>()
  #onWitness: WitnessListener = () => undefined

  constructor(notes: Pick<Notebook, 'put' | 'delete' | 'all'>, isOnline: (node: NodeId) => boolean) {
    this.#notes = notes
    this.#isOnline = isOnline
  }

  /** Takes up what was noted of nodes that are still known. */
  recall(isKnown: (node: NodeId) => boolean): void {
    for (const [key, text] of this.#notes.all('witnessed')) {
      const [place, relay] = splitKey(key)
      if (!isKnown(placeOf(place).node)) this.#notes.delete('witnessed', key)
      else this.#words.set(place, (this.#words.get(place) ?? new Map()).set(relay, text))
    }
  }

  onWitness(listener: WitnessListener): void {
    this.#onWitness = listener
  }

  /**
   * Takes the word of a relay. Whether that was news. Then what relays said that have left counts no more where it is another:
   * they would have seen the change, too, and two words make a translation that changes its ports.
   */
  take(relay: NodeId, { network, node }: WitnessPlace, endpoint: string): boolean {
    const place = `${network} ${node}`
    const seen = this.#words.get(place) ?? new Map<NodeId, string>()
    if (seen.get(relay) === endpoint) return false
    for (const [other, word] of seen) {
      if (word !== endpoint && !this.#isOnline(other) && seen.delete(other)) this.#takeBack(place, other)
    }
    this.#words.set(place, seen.set(relay, endpoint))
    this.#notes.put('witnessed', `${place} ${relay}`, endpoint)
    this.#onWitness(relay, place, endpoint)
    return true
  }

  /** Drops all that a relay said; gives whom it had spoken of. */
  drop(relay: NodeId): readonly WitnessPlace[] {
    const places = [...this.#words].filter(([, seen]) => seen.delete(relay)).map(([place]) => place)
    for (const place of places) this.#takeBack(place, relay)
    return places.map(placeOf)
  }

  /** By relay. */
  of(network: NetworkId, node: NodeId): ReadonlyMap<NodeId, string> {
    return this.#words.get(`${network} ${node}`) ?? new Map()
  }

  /** Forgets what was said of a member. */
  forget(network: NetworkId, node: NodeId): void {
    const place = `${network} ${node}`
    for (const relay of this.#words.get(place)?.keys() ?? []) this.#takeBack(place, relay)
    this.#words.delete(place)
  }

  #takeBack(place: string, relay: NodeId): void {
    this.#notes.delete('witnessed', `${place} ${relay}`)
    this.#onWitness(relay, place, undefined)
  }
}

function placeOf(key: string): WitnessPlace {
  const [network, node] = key.split(' ')
  return { network: network as NetworkId, node: node as NodeId }
}

function splitKey(key: string): [place: string, relay: NodeId] {
  const at = key.lastIndexOf(' ')
  return [key.slice(0, at), key.slice(at + 1) as NodeId]
}
