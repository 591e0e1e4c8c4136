import type { NodeId } from '../keys/identity.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { PeerReport } from '../protocol/frames.ts'
import type { InterfaceName, ObservedPeer } from '../wireguard/device.ts'
import type { NetworkPlan } from '../wireguard/plan.ts'

export type Sightings = ReadonlyMap<PublicKey, ObservedPeer>

/** What decides how an interface follows what is known: one kind for the transit, one for all other networks. */
export interface Guide {
  /** What the interface has to be now. @param sightings what the device says, where it was just asked */
  plan(sightings?: Sightings): NetworkPlan | undefined
  /**
   * Puts up what has to be there before the interface is as the last plan says. It stays as it was when this rejects.
   * @param isBare whether the interface has no peers as yet
   */
  prepare(isBare: boolean): Promise<void>
  /** The interface is as planned. */
  applied(name: InterfaceName): Promise<void>
  /** Takes what the device says; whether there is a new plan. */
  look(sightings: Sightings): boolean
  /** Milliseconds until the next look is due; undefined: the usual beat is enough. */
  readonly nextLook: number | undefined
  /** Relays by which packets go at the moment, each once. */
  readonly relaysInUse: readonly NodeId[]
  /** What is to be said of a peer besides what the device says. */
  describe(node: NodeId): Partial<PeerReport>
  /** This machine has other addresses; the next plan takes that in. @param lost whether it has one less */
  moved(lost: boolean): void
  /** A new session knows nothing of what the last one was told. */
  reconnected(): void
  /** Looks at what is kept beside the interface, and says in words what had to be put right. */
  inspect(): Promise<readonly string[]>
  /** The interface goes. */
  leave(name: InterfaceName): Promise<void>
}
