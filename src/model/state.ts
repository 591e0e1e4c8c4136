import { Map as ImmutableMap } from 'immutable'
import type { Cidr } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import type { VerifyKey } from '../keys/signature.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { NetworkId, ProjectId, TokenId, WebhookId } from './names.ts'
import type { AccessRole, Permission } from './permission.ts'
import type { Policy } from './policy.ts'

/**
 * Who is whose peer. `mesh`: all pairs. `hub`: members and the hubs among them. `sites`: all within a site, gateways between.
 * `transit`: nodes and relays; the system's own, by which relayed links travel.
 */
export type Topology = 'mesh' | 'hub' | 'sites' | 'transit'
/** What a node does for others, set by an operator. */
export type Role = 'relay' | 'hub' | 'gateway'
/** Who makes member keys: the controller (sealed to the node at once), or the node itself. */
export type KeyCustody = 'controller' | 'node'
export type Labels = Readonly<Record<string, string>>

/**
 * Everything the log says, as values that are never changed in place: an older state stays whole while a newer one is
 * made, so a change can be tried, compared and dropped. Instants are milliseconds since 1970.
 */
export interface State {
  /** Sequence of the last log entry in this state; 0 before the first. */
  readonly sequence: number
  /** Changes when a log is restored, so that revisions of two histories are never mistaken for each other. */
  readonly epoch: number
  readonly authority: Authority | undefined
  readonly projects: ImmutableMap<ProjectId, Project>
  readonly projectsByName: ImmutableMap<string, ProjectId>
  /** Networks of others that are shared with a project. */
  readonly sharedNetworks: ImmutableMap<ProjectId, ImmutableMap<NetworkId, true>>
  readonly nodes: ImmutableMap<NodeId, Node>
  /** Names are unique within a project, and each project has its own index. */
  readonly nodesByName: NameIndex<NodeId>
  /** Nodes and networks that were taken away: only these are told so. One we never heard of may be newer than our log. */
  readonly removedNodes: ImmutableMap<NodeId, true>
  readonly deletedNetworks: ImmutableMap<NetworkId, true>
  readonly networks: ImmutableMap<NetworkId, Network>
  /** The network of topology `transit`, once there was a relay. */
  readonly transit: NetworkId | undefined
  readonly networksByName: NameIndex<NetworkId>
  /** Which member of which network uses a WireGuard key: no key is ever certified twice. */
  readonly memberKeys: ImmutableMap<PublicKey, NetworkId>
  /** Networks of which a node is a member. */
  readonly networksOfNode: ImmutableMap<NodeId, ImmutableMap<NetworkId, true>>
  readonly apiTokens: ImmutableMap<TokenId, ApiToken>
  readonly apiTokensByHash: ImmutableMap<string, TokenId>
  readonly joinTokens: ImmutableMap<TokenId, JoinToken>
  readonly joinTokensByHash: ImmutableMap<string, TokenId>
  readonly webhooks: ImmutableMap<WebhookId, Webhook>
}

export type NameIndex<Id> = ImmutableMap<ProjectId, ImmutableMap<string, Id>>

/** A tenant: it owns networks, nodes and tokens, and sees nothing of what others own. */
export interface Project {
  readonly id: ProjectId
  readonly name: string
  readonly createdAt: number
}

/** What every replica of the controller shares: made once, at the first start. Secrets are wrapped (keys/wrap.ts). */
export interface Authority {
  readonly publicKey: VerifyKey
  /** base64; the 32-byte Ed25519 seed, wrapped for the place `controller signing key`. */
  readonly wrappedSeed: string
  /** PEM of the certificate that agents and operators pin. */
  readonly certificate: string
  /** base64; the PKCS #8 PEM of the certificate's key, wrapped for the place `controller certificate key`. */
  readonly wrappedCertificateKey: string
}

export interface Node {
  readonly id: NodeId
  readonly project: ProjectId
  readonly name: string
  readonly publicKey: VerifyKey
  /** X25519 key to which secrets for this node are sealed. */
  readonly sealingKey: PublicKey
  readonly labels: Labels
  /** Sorted. */
  readonly roles: readonly Role[]
  readonly enrolledAt: number
}

/** The label that says at which place a node stands. */
export const SITE_LABEL = 'site'
/** The label that says at which public address and port a node is reached, for the network that has that port. */
export const ENDPOINT_LABEL = 'endpoint'

export interface Network {
  readonly id: NetworkId
  /** Who owns it. */
  readonly project: ProjectId
  /** Other projects whose nodes may be members. */
  readonly grants: ImmutableMap<ProjectId, true>
  readonly name: string
  readonly ipv4: Cidr
  readonly ipv6: Cidr
  readonly nodePrefixLength: number
  readonly topology: Topology
  readonly keyCustody: KeyCustody
  /** +1 at each event that changes what members have to know. */
  readonly revision: number
  readonly createdAt: number
  /** Who may open what to whom; OPEN_POLICY until somebody says otherwise. */
  readonly policy: Policy
  /** Revision at which the policy was set; 0: never. */
  readonly policyRevision: number
  readonly members: ImmutableMap<NodeId, Member>
  /** Places in the ranges that are not free: of members, and of removed members whose tombstone stands. */
  readonly slots: Slots
}

/** Slot numbers and who holds them. A node that returns gets its slot again while its tombstone stands. */
export interface Slots {
  /** Every slot from here on was never used. The first is 1. */
  readonly next: number
  /** Slots below `next` whose tombstones were cleared, lowest first. */
  readonly free: readonly number[]
  readonly tombstones: ImmutableMap<NodeId, Tombstone>
  /**
   * As of when those with a tombstone left: the epoch, and the revision of the network to which that led. Of who left before
   * a snapshot of a release that did not keep it, it is not known. Apart from the tombstones, because such a release refuses
   * a snapshot with more in a tombstone than its entries put there, and passes over a map that it does not know.
   */
  readonly leftAt: ImmutableMap<NodeId, { readonly epoch: number; readonly revision: number }>
}

export interface Tombstone {
  readonly slot: number
  readonly removedAt: number
}

export interface Member {
  readonly node: NodeId
  readonly slot: number
  /** Higher at each new key of this node in this network, over removal and return too. */
  readonly keyVersion: number
  /** Absent while a key of custody `node` has not been certified: nobody's peer yet. */
  readonly publicKey: PublicKey | undefined
  /** base64; the private key, sealed to the node. Absent with custody `node`. */
  readonly sealedKey: string | undefined
  /** Revision of the network at which this member last changed. */
  readonly revision: number
  readonly addedAt: number
}

export interface ApiToken {
  readonly id: TokenId
  readonly name: string
  /** The project in which it counts; undefined: in all of them. */
  readonly project: ProjectId | undefined
  readonly role: AccessRole
  /** Narrows the role to these, when given. Sorted. */
  readonly scopes: readonly Permission[] | undefined
  /** undefined: never. */
  readonly expiresAt: number | undefined
  /** Whose session it is, as `issuer subject`; undefined: nobody's, it was made by a token. */
  readonly person: string | undefined
  /** SHA-256 of the secret, hex. */
  readonly hash: string
  readonly createdAt: number
}

export interface JoinToken {
  readonly id: TokenId
  /** To which nodes that join belong. */
  readonly project: ProjectId
  /** SHA-256 of the secret, hex. */
  readonly hash: string
  readonly networks: readonly NetworkId[]
  readonly labels: Labels
  /** Uses left; 0 means spent. */
  readonly uses: number
  readonly expiresAt: number
  readonly createdAt: number
}

/** A place outside that is told of changes (controller/webhooks). How far it was told is not in the log. */
export interface Webhook {
  readonly id: WebhookId
  readonly project: ProjectId
  readonly name: string
  readonly url: string
  readonly events: readonly string[] | undefined
  readonly networks: readonly NetworkId[] | undefined
  /** base64; wrapped for the place `webhook secret ID`. */
  readonly wrappedSecret: string
  readonly enabled: boolean
  /** Why the controller disabled it; undefined while it is enabled, or when somebody else disabled it. */
  readonly disabledReason: string | undefined
  /** The entry with which it was made: it is told of those behind it. */
  readonly since: number
  readonly createdAt: number
}

export const emptyState: State = Object.freeze({
  sequence: 0,
  epoch: 0,
  authority: undefined,
  projects: ImmutableMap<ProjectId, Project>(),
  projectsByName: ImmutableMap<string, ProjectId>(),
  sharedNetworks: ImmutableMap<ProjectId, ImmutableMap<NetworkId, true>>(),
  nodes: ImmutableMap<NodeId, Node>(),
  nodesByName: ImmutableMap<ProjectId, ImmutableMap<string, NodeId>>(),
  removedNodes: ImmutableMap<NodeId, true>(),
  deletedNetworks: ImmutableMap<NetworkId, true>(),
  networks: ImmutableMap<NetworkId, Network>(),
  transit: undefined,
  networksByName: ImmutableMap<ProjectId, ImmutableMap<string, NetworkId>>(),
  memberKeys: ImmutableMap<PublicKey, NetworkId>(),
  networksOfNode: ImmutableMap<NodeId, ImmutableMap<NetworkId, true>>(),
  apiTokens: ImmutableMap<TokenId, ApiToken>(),
  apiTokensByHash: ImmutableMap<string, TokenId>(),
  joinTokens: ImmutableMap<TokenId, JoinToken>(),
  joinTokensByHash: ImmutableMap<string, TokenId>(),
  webhooks: ImmutableMap<WebhookId, Webhook>(),
})
