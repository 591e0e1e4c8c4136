import type { Cidr } from '../address/cidr.ts'
import type { NodeId } from '../keys/identity.ts'
import type { VerifyKey } from '../keys/signature.ts'
import type { PublicKey } from '../keys/wireguard.ts'
import type { NetworkId, ProjectId, TokenId, WebhookId } from './names.ts'
import type { AccessRole, Permission } from './permission.ts'
import type { Policy } from './policy.ts'
import type { Authority, KeyCustody, Labels, Role, Topology } from './state.ts'

/** What can happen. Events are facts: they carry every result of chance, time and choice, so the fold needs none. */
export type Event =
  | ({ readonly type: 'controller-initialised'; readonly epoch: number } & Authority)
  | { readonly type: 'epoch-raised'; readonly epoch: number }
  | {
      readonly type: 'project-created'
      readonly at: number
      readonly id: ProjectId
      readonly name: string
    }
  | { readonly type: 'project-deleted'; readonly id: ProjectId }
  | ({ readonly type: 'api-token-created'; readonly at: number } & NewApiToken)
  | { readonly type: 'api-token-revoked'; readonly id: TokenId }
  | ({ readonly type: 'join-token-created'; readonly at: number } & NewJoinToken)
  | { readonly type: 'join-token-revoked'; readonly id: TokenId }
  | { readonly type: 'join-token-used'; readonly id: TokenId; readonly node: NodeId }
  | ({ readonly type: 'node-enrolled'; readonly at: number } & NewNode)
  | { readonly type: 'node-roles-set'; readonly id: NodeId; readonly roles: readonly Role[] }
  | { readonly type: 'node-labels-set'; readonly id: NodeId; readonly labels: Labels }
  | { readonly type: 'node-removed'; readonly id: NodeId }
  | ({ readonly type: 'network-created'; readonly at: number } & NewNetwork)
  | { readonly type: 'network-deleted'; readonly id: NetworkId }
  | { readonly type: 'network-shared'; readonly network: NetworkId; readonly project: ProjectId }
  | { readonly type: 'network-unshared'; readonly network: NetworkId; readonly project: ProjectId }
  | { readonly type: 'network-policy-set'; readonly network: NetworkId; readonly policy: Policy }
  | ({ readonly type: 'member-added'; readonly at: number } & NewMember)
  | ({ readonly type: 'member-key-certified' } & CertifiedKey)
  | {
      readonly type: 'member-removed'
      readonly network: NetworkId
      readonly node: NodeId
      readonly at: number
    }
  | { readonly type: 'tombstones-cleared'; readonly network: NetworkId; readonly nodes: readonly NodeId[] }
  | ({ readonly type: 'webhook-created'; readonly at: number } & NewWebhook)
  | ({ readonly type: 'webhook-changed'; readonly id: WebhookId } & WebhookWish)
  | { readonly type: 'webhook-disabled'; readonly id: WebhookId; readonly reason: string }
  | { readonly type: 'webhook-deleted'; readonly id: WebhookId }

const TYPES: Readonly<Record<Event['type'], true>> = {
  'controller-initialised': true,
  'epoch-raised': true,
  'project-created': true,
  'project-deleted': true,
  'api-token-created': true,
  'api-token-revoked': true,
  'join-token-created': true,
  'join-token-revoked': true,
  'join-token-used': true,
  'node-enrolled': true,
  'node-roles-set': true,
  'node-labels-set': true,
  'node-removed': true,
  'network-created': true,
  'network-deleted': true,
  'network-shared': true,
  'network-unshared': true,
  'network-policy-set': true,
  'member-added': true,
  'member-key-certified': true,
  'member-removed': true,
  'tombstones-cleared': true,
  'webhook-created': true,
  'webhook-changed': true,
  'webhook-disabled': true,
  'webhook-deleted': true,
}

/** Every type of event. */
export const EVENT_TYPES: readonly string[] = Object.freeze(Object.keys(TYPES))

interface NewApiToken {
  readonly id: TokenId
  readonly name: string
  readonly hash: string
  /** Absent: it counts in all projects. */
  readonly project?: ProjectId
  readonly role: AccessRole
  readonly scopes?: readonly Permission[]
  readonly expiresAt?: number
  /** Whose session it is: `issuer subject`. Absent: nobody's, it was made by a token. */
  readonly person?: string
}

interface NewJoinToken {
  readonly id: TokenId
  readonly project: ProjectId
  readonly hash: string
  readonly networks: readonly NetworkId[]
  readonly labels: Labels
  readonly uses: number
  readonly expiresAt: number
}

interface NewNode {
  readonly id: NodeId
  readonly project: ProjectId
  readonly name: string
  readonly publicKey: VerifyKey
  readonly sealingKey: PublicKey
  readonly labels: Labels
}

interface NewNetwork {
  readonly id: NetworkId
  readonly project: ProjectId
  readonly name: string
  readonly ipv4: Cidr
  readonly ipv6: Cidr
  readonly nodePrefixLength: number
  readonly topology: Topology
  readonly keyCustody: KeyCustody
}

interface NewMember {
  readonly network: NetworkId
  readonly node: NodeId
  readonly slot: number
  readonly keyVersion: number
  readonly publicKey?: PublicKey
  readonly sealedKey?: string
}

interface CertifiedKey {
  readonly network: NetworkId
  readonly node: NodeId
  readonly keyVersion: number
  readonly publicKey: PublicKey
}

interface NewWebhook extends WebhookWish {
  readonly id: WebhookId
  readonly project: ProjectId
  /** base64; wrapped for the place `webhook secret ID`. */
  readonly wrappedSecret: string
}

interface WebhookWish {
  readonly name: string
  readonly url: string
  /** Types of the events that it is told of. Absent: all. */
  readonly events?: readonly string[]
  /** Absent: whatever network it is about, or none. */
  readonly networks?: readonly NetworkId[]
  readonly enabled: boolean
}
