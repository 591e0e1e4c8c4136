// Written by `node test/client/write.ts` from the OpenAPI document, and compared with it by a test. Not to be edited.
/** Problem details (RFC 9457). */
export type Problem = {
  /** One for each code: what it leads to says what it means. */
  readonly type: string
  /** What the code means, the same each time. */
  readonly title: string
  /** The HTTP status. */
  readonly status: number
  /** What happened this time, for people. */
  readonly detail: string
  /** What happened, for programs. */
  readonly code: 'invalid-input' | 'invalid-config' | 'not-found' | 'already-exists' | 'range-overlap' | 'range-exhausted' | 'unauthenticated' | 'forbidden' | 'token-spent' | 'identity-mismatch' | 'protocol-error' | 'stale-revision' | 'digest-mismatch' | 'conflict' | 'precondition-failed' | 'confirmation-needed' | 'too-many-requests' | 'overloaded' | 'log-damaged' | 'store-unavailable' | 'unsupported' | 'program-failed' | 'port-taken' | 'unavailable' | 'timed-out' | 'internal'
  /** The input at fault. */
  readonly field?: string
  /** What to do about it. */
  readonly advice?: string
  /** This one occurrence; the log of the controller knows it by the last part. */
  readonly instance: string
}

/** A code that a problem can have. */
export type ErrorCode = {
  readonly code: string
  /** The HTTP status that goes with it, as a rule. */
  readonly status: number
  /** What it means. */
  readonly title: string
  /** The type of a problem with this code. */
  readonly type: string
}

/** One page of a list. */
export type ErrorCodeList = {
  readonly items: ErrorCode[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** A tenant: it owns networks, nodes and tokens. */
export type Project = {
  readonly id: string
  readonly name: string
  /** When it was made. */
  readonly createdAt: string
}

/** One page of a list. */
export type ProjectList = {
  readonly items: Project[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** That nodes of another project may be members of a network. */
export type Grant = {
  /** Id of the network. */
  readonly network: string
  /** Id of the other project. */
  readonly project: string
}

/** One page of a list. */
export type GrantList = {
  readonly items: Grant[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** An API token, without its secret. */
export type ApiToken = {
  readonly id: string
  readonly name: string
  /** Id of the project in which it counts; null: all. */
  readonly project: string | null
  /** 'viewer' sees, 'operator' also changes networks, members, nodes and join tokens, 'admin' also shares networks and makes API tokens. */
  readonly role: 'viewer' | 'operator' | 'admin'
  /** All that it allows. */
  readonly permissions: ('networks:read' | 'networks:write' | 'members:write' | 'nodes:read' | 'nodes:write' | 'tokens:read' | 'tokens:write' | 'grants:read' | 'grants:write' | 'api-tokens:read' | 'api-tokens:write' | 'projects:read' | 'projects:write' | 'relays:write' | 'webhooks:read' | 'webhooks:write' | 'audit:read' | 'metrics:read')[]
  /** Whose session it is, as issuer and subject; null: it was made by a token. */
  readonly person: string | null
  /** From when on it is refused; null: never. */
  readonly expiresAt: string | null
  /** When it was made. */
  readonly createdAt: string
}

/** One page of a list. */
export type ApiTokenList = {
  readonly items: ApiToken[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** An API token, with its secret. */
export type CreatedApiToken = {
  readonly id: string
  readonly name: string
  /** Id of the project in which it counts; null: all. */
  readonly project: string | null
  /** 'viewer' sees, 'operator' also changes networks, members, nodes and join tokens, 'admin' also shares networks and makes API tokens. */
  readonly role: 'viewer' | 'operator' | 'admin'
  /** All that it allows. */
  readonly permissions: ('networks:read' | 'networks:write' | 'members:write' | 'nodes:read' | 'nodes:write' | 'tokens:read' | 'tokens:write' | 'grants:read' | 'grants:write' | 'api-tokens:read' | 'api-tokens:write' | 'projects:read' | 'projects:write' | 'relays:write' | 'webhooks:read' | 'webhooks:write' | 'audit:read' | 'metrics:read')[]
  /** Whose session it is, as issuer and subject; null: it was made by a token. */
  readonly person: string | null
  /** From when on it is refused; null: never. */
  readonly expiresAt: string | null
  /** What to send as 'Authorization: Bearer …'. Shown this once. */
  readonly token: string
}

/** Who asks, and what it may do. */
export type Whoami = {
  /** As the log names it. */
  readonly id: string
  readonly name: string
  /** Id of the project in which this request acts. */
  readonly project: string
  /** Whether it may act in all projects. */
  readonly global: boolean
  /** All that it may do there. */
  readonly permissions: ('networks:read' | 'networks:write' | 'members:write' | 'nodes:read' | 'nodes:write' | 'tokens:read' | 'tokens:write' | 'grants:read' | 'grants:write' | 'api-tokens:read' | 'api-tokens:write' | 'projects:read' | 'projects:write' | 'relays:write' | 'webhooks:read' | 'webhooks:write' | 'audit:read' | 'metrics:read')[]
}

/** How people can sign in besides with a token. */
export type SignInWays = {
  readonly oidc: {
    /** What the issuer is called. */
    readonly name: string
  } | null
  /** Whose session the cookie of this browser is; null: it has none. */
  readonly session: string | null
}

/** Where the browser of the person has to go. */
export type SignInUrl = {
  readonly url: string
}

/** A sign-in that is finished on any device with a browser (RFC 8628). */
export type DeviceCode = {
  /** What the program shows to get the session. */
  readonly deviceCode: string
  /** What the person types. */
  readonly userCode: string
  /** Where. */
  readonly verificationUri: string
  /** The same with the code in it. */
  readonly verificationUriComplete?: string
  readonly expiresInSeconds: number
  /** How long to wait between two questions. */
  readonly intervalSeconds: number
}

/** The person has not finished yet: ask again later. */
export type SignInPending = {
  readonly status: 'pending'
}

/** Somebody is signed in: an API token that ends soon. */
export type Session = {
  readonly id: string
  readonly name: string
  /** Id of the project in which it counts; null: all. */
  readonly project: string | null
  /** 'viewer' sees, 'operator' also changes networks, members, nodes and join tokens, 'admin' also shares networks and makes API tokens. */
  readonly role: 'viewer' | 'operator' | 'admin'
  /** All that it allows. */
  readonly permissions: ('networks:read' | 'networks:write' | 'members:write' | 'nodes:read' | 'nodes:write' | 'tokens:read' | 'tokens:write' | 'grants:read' | 'grants:write' | 'api-tokens:read' | 'api-tokens:write' | 'projects:read' | 'projects:write' | 'relays:write' | 'webhooks:read' | 'webhooks:write' | 'audit:read' | 'metrics:read')[]
  /** Whose session it is, as issuer and subject; null: it was made by a token. */
  readonly person: string | null
  /** From when on it is refused; null: never. */
  readonly expiresAt: string | null
  /** What to send as 'Authorization: Bearer …'. Shown this once. */
  readonly token: string
}

/** A private network. */
export type Network = {
  readonly id: string
  readonly name: string
  /** Id of the project that owns it. */
  readonly project: string
  readonly ipv4: string
  readonly ipv6: string
  readonly nodePrefixLength: number
  /** As it was made; 'transit' is the network that relayed links travel in, and is not to be made. */
  readonly topology: 'mesh' | 'hub' | 'sites' | 'transit'
  /** Who makes the WireGuard keys of members: the controller (sealed to the node at once), or each node. */
  readonly keyCustody: 'controller' | 'node'
  /** Changes when the log was restored. */
  readonly epoch: number
  /** +1 at each change that members have to know. */
  readonly revision: number
  /** When it was made. */
  readonly createdAt: string
}

/** One page of a list. */
export type NetworkList = {
  readonly items: Network[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** The place of a node in a network. */
export type Member = {
  /** Id of the node. */
  readonly node: string
  /** Name of the node. */
  readonly name: string
  readonly ipv4: string
  readonly ipv6: string
  /** Routed to this member. */
  readonly subnetIpv4: string
  /** Routed to this member. */
  readonly subnetIpv6: string
  /** WireGuard public key, base64; null until the node has offered one. */
  readonly publicKey: string | null
  /** UDP port, as the agent reported it. */
  readonly listenPort: number | null
  /** How far the member's node is with the current revision. */
  readonly state: 'pending' | 'applied' | 'offline' | 'refused'
  /** When it became a member. */
  readonly addedAt: string
}

/** One page of a list. */
export type MemberList = {
  readonly items: Member[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** What a batch changed. */
export type BatchResult = {
  /** Id of the network. */
  readonly network: string
  /** Revision of the network after it. */
  readonly revision: number
  readonly added: number
  readonly removed: number
}

/** A machine that runs an agent. */
export type Node = {
  /** Follows from the key of the node. */
  readonly id: string
  readonly name: string
  /** Whether its agent is connected now. */
  readonly online: boolean
  /** 'relay': forwards what it cannot read, for nodes that cannot reach each other; 'hub' and 'gateway': carry packets of others in networks of topology 'hub' and 'sites'. */
  readonly roles: ('relay' | 'hub' | 'gateway')[]
  readonly labels: Readonly<Record<string, string>>
  /** When it joined. */
  readonly enrolledAt: string
  /** When its agent was last heard; null if not since the controller started. */
  readonly lastSeenAt: string | null
}

/** One page of a list. */
export type NodeList = {
  readonly items: Node[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** A join token, without its secret. */
export type Token = {
  readonly id: string
  /** Ids of networks that nodes enter when they join. */
  readonly networks: string[]
  readonly labels: Readonly<Record<string, string>>
  /** Uses left. */
  readonly uses: number
  /** From when on it is refused. */
  readonly expiresAt: string
  /** When it was made. */
  readonly createdAt: string
}

/** One page of a list. */
export type TokenList = {
  readonly items: Token[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** A join token, with its secret. */
export type CreatedToken = {
  readonly id: string
  /** The whole argument of 'weft agent --join'. Shown this once. */
  readonly token: string
  /** From when on it is refused. */
  readonly expiresAt: string
}

/** Who reaches whom in a network. */
export type Graph = {
  /** Id of the network. */
  readonly network: string
  readonly epoch: number
  readonly revision: number
  /** Last log entry in this picture; events after it are not. */
  readonly sequence: number
  /** False for a picture of the past: nothing that was observed is kept. */
  readonly observed: boolean
  readonly nodes: {
    readonly id: string
    readonly name: string
    readonly online: boolean
    /** How far it is with the current revision. */
    readonly state: 'pending' | 'applied' | 'offline' | 'refused'
    /** 'relay': forwards what it cannot read, for nodes that cannot reach each other; 'hub' and 'gateway': carry packets of others in networks of topology 'hub' and 'sites'. */
    readonly roles: ('relay' | 'hub' | 'gateway')[]
    readonly labels: Readonly<Record<string, string>>
    readonly ipv4: string
    readonly ipv6: string
    /** What the node should have. */
    readonly desiredRevision: number
    /** What it has; 0 while unknown. */
    readonly appliedRevision: number
    /** What was reported of it and cannot be, or was refused: left out, and said here in sentences. */
    readonly problems: string[]
  }[]
  readonly links: {
    /** Id of the node at one end. */
    readonly a: string
    /** Id of the node at the other end. */
    readonly b: string
    /** How packets travel: within a LAN, to an address that anybody can reach, through holes in both address translations, through a relay that cannot read them, or not at all. */
    readonly path: 'lan' | 'direct' | 'punched' | 'relayed' | 'none'
    /** Id of the relay; null for paths other than 'relayed', and while it is unknown. */
    readonly via: string | null
    /** Why they travel so, and what would make it better. Empty in a brief answer. */
    readonly reason: string
    readonly state: 'pending' | 'up' | 'stale' | 'down'
    /** Since the last handshake; null if there was none. */
    readonly handshakeAgeSeconds: number | null
    /** Received at a from b. */
    readonly rxBytes: number
    /** Sent from a to b. */
    readonly txBytes: number
  }[]
  /** All members, also if they are not in the list. */
  readonly members: {
    /** All. */
    readonly all: number
    /** Whose agents are connected. */
    readonly online: number
    /** That have the current revision. */
    readonly applied: number
    /** That could not apply it. */
    readonly refused: number
  }
  /** All links, also those that are not in the list. */
  readonly counts: {
    /** All of them. */
    readonly links: number
    /** With a handshake that is fresh. */
    readonly up: number
    /** With a handshake that is too old. */
    readonly stale: number
    /** Without a handshake, though there should be one. */
    readonly down: number
    /** Without a handshake yet. */
    readonly pending: number
    /** Of those that are up. */
    readonly lan: number
    /** Of those that are up. */
    readonly direct: number
    /** Of those that are up. */
    readonly punched: number
    /** Of those that are up. */
    readonly relayed: number
    /** Received at a from b. */
    readonly rxBytes: number
    /** Sent from a to b. */
    readonly txBytes: number
  }
  /** Links that were asked for and are not in the list, because it would be too long. */
  readonly omitted: number
  /** With 'by': the links within and between groups, counted. */
  readonly between: {
    readonly a: string
    readonly b: string
    /** All of them. */
    readonly links: number
    /** With a handshake that is fresh. */
    readonly up: number
    /** With a handshake that is too old. */
    readonly stale: number
    /** Without a handshake, though there should be one. */
    readonly down: number
    /** Without a handshake yet. */
    readonly pending: number
    /** Of those that are up. */
    readonly lan: number
    /** Of those that are up. */
    readonly direct: number
    /** Of those that are up. */
    readonly punched: number
    /** Of those that are up. */
    readonly relayed: number
    /** Received at a from b. */
    readonly rxBytes: number
    /** Sent from a to b. */
    readonly txBytes: number
  }[]
  /** With 'by': all groups, also those whose members are not listed. */
  readonly groups: {
    /** The value of the label; empty without it. */
    readonly name: string
    /** All. */
    readonly all: number
    /** Whose agents are connected. */
    readonly online: number
    /** That have the current revision. */
    readonly applied: number
    /** That could not apply it. */
    readonly refused: number
  }[]
  /** With 'apart': pairs that no link joins, of at most 400 members; the first 5,000. */
  readonly apart: {
    readonly a: string
    readonly b: string
    /** The policy forbids it, or hubs and gateways carry what they say. */
    readonly why: 'forbidden' | 'carried'
  }[]
}

/** What changed on the graph of a network. */
export type GraphPatch = {
  /** Id of the network. */
  readonly network: string
  readonly revision: number
  /** As they are now. */
  readonly nodes: {
    readonly id: string
    readonly name: string
    readonly online: boolean
    /** How far it is with the current revision. */
    readonly state: 'pending' | 'applied' | 'offline' | 'refused'
    /** 'relay': forwards what it cannot read, for nodes that cannot reach each other; 'hub' and 'gateway': carry packets of others in networks of topology 'hub' and 'sites'. */
    readonly roles: ('relay' | 'hub' | 'gateway')[]
    readonly labels: Readonly<Record<string, string>>
    readonly ipv4: string
    readonly ipv6: string
    /** What the node should have. */
    readonly desiredRevision: number
    /** What it has; 0 while unknown. */
    readonly appliedRevision: number
    /** What was reported of it and cannot be, or was refused: left out, and said here in sentences. */
    readonly problems: string[]
  }[]
  /** Ids of members that left. */
  readonly gone: string[]
  /** As they are now, without reasons. */
  readonly links: {
    /** Id of the node at one end. */
    readonly a: string
    /** Id of the node at the other end. */
    readonly b: string
    /** How packets travel: within a LAN, to an address that anybody can reach, through holes in both address translations, through a relay that cannot read them, or not at all. */
    readonly path: 'lan' | 'direct' | 'punched' | 'relayed' | 'none'
    /** Id of the relay; null for paths other than 'relayed', and while it is unknown. */
    readonly via: string | null
    /** Why they travel so, and what would make it better. Empty in a brief answer. */
    readonly reason: string
    readonly state: 'pending' | 'up' | 'stale' | 'down'
    /** Since the last handshake; null if there was none. */
    readonly handshakeAgeSeconds: number | null
    /** Received at a from b. */
    readonly rxBytes: number
    /** Sent from a to b. */
    readonly txBytes: number
  }[]
  /** Whether more changed than stands here: ask for the graph again. */
  readonly more: boolean
}

/** How far the members of a network have taken over its latest revision. A member whose agent is away blocks nothing. */
export type Convergence = {
  /** Id of the network. */
  readonly network: string
  /** Changes when the log was restored. */
  readonly epoch: number
  /** The latest. */
  readonly revision: number
  /** Whether every member whose agent is connected has applied what it should have. */
  readonly converged: boolean
  readonly members: {
    /** Members. */
    readonly total: number
    /** Whose agent is connected. */
    readonly online: number
    /** To whose connection the latest was given. */
    readonly delivered: number
    /** That said they have it. */
    readonly applied: number
    /** With a live handshake with any of their peers. */
    readonly handshaking: number
  }
  /** One page of the members that were asked for. */
  readonly items: {
    /** Id of the node. */
    readonly node: string
    readonly name: string
    /** applied: it has the latest. delivered: the latest is on its way. undelivered: it is worked out, or its connection takes no more. refused: it could not apply it. offline: its agent is not connected. */
    readonly state: 'applied' | 'delivered' | 'undelivered' | 'refused' | 'offline'
    /** The last revision in which something changed for it. */
    readonly desiredRevision: number
    /** What was put into its connection; 0 while there is none. */
    readonly deliveredRevision: number
    /** What it said it has; 0 while unknown. */
    readonly appliedRevision: number
    /** Whether it has a live handshake with any of its peers. */
    readonly handshaking: boolean
    /** Why it lags; null if it does not. */
    readonly reason: string | null
  }[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
  /** Members that were asked for and come on later pages. */
  readonly more: number
}

/** One change: who did what, when. */
export type Change = {
  /** Number of the log entry. */
  readonly sequence: number
  /** Of the network, after it. Live events and webhooks, which are not of one network, have 0. */
  readonly revision: number
  /** When. */
  readonly at: string
  /** Id of the token or node that did it, or 'system'. */
  readonly actor: string
  /** What the actor is called. */
  readonly actorName: string
  /** Ids of the networks that it is about. */
  readonly networks: string[]
  /** What happened, for programs: each once. */
  readonly actions: string[]
  /** Each the end of a sentence that begins with the actor; 20 at most. */
  readonly what: string[]
  /** How many events it was in all. */
  readonly events: number
}

/** One page of a list. */
export type ChangeList = {
  readonly items: Change[]
  /** Cursor of the next page; absent on the last one. A page may hold less than its limit and yet have a next one. */
  readonly next?: string
}

/** One thing that an entry changed. */
export type AuditChange = {
  readonly kind: 'controller' | 'project' | 'api-token' | 'join-token' | 'node' | 'network' | 'member' | 'webhook' | 'grant'
  /** Its id; of a member NETWORK/NODE, of a grant NETWORK/PROJECT. */
  readonly id: string
  /** What it was called; null: it has no name. */
  readonly name: string | null
  /** What may be told of it, never a secret; null: it was not there. */
  readonly before: Readonly<Record<string, unknown>> | null
  /** What may be told of it, never a secret; null: it was not there. */
  readonly after: Readonly<Record<string, unknown>> | null
}

/** Who did what, when, and from where: one entry of the log. */
export type AuditRecord = {
  /** Number of the log entry. */
  readonly sequence: number
  /** Of the entry, in the chain of the log (SHA-256, hex). */
  readonly hash: string
  /** When. */
  readonly at: string
  /** Id of who did it, 'system', or 'another project'. */
  readonly actor: string
  /** What the actor was called then. */
  readonly actorName: string
  /** From where. */
  readonly origin: {
    /** How it was asked for. 'controller': by nobody, it saw to something itself; 'unknown': the entry is older than this field; 'hidden': it is another project's. */
    readonly via: 'rest' | 'agent' | 'controller' | 'unknown' | 'hidden'
    /** Of the other end of the connection. */
    readonly address: string | null
    /** Of the request: the end of a problem's 'instance', and in the controller's own log. */
    readonly requestId: string | null
  }
  /** Ids of the projects whose things it is about. */
  readonly projects: string[]
  /** Ids of the networks that it is about. */
  readonly networks: string[]
  /** What happened, for programs: each once. */
  readonly actions: string[]
  /** What happened, for people: each the end of a sentence that begins with the actor; 20 at most. */
  readonly what: string[]
  /** How many events it was in all. */
  readonly events: number
  /** Whether before and after are known: false where what led to them was dropped from the log. */
  readonly complete: boolean
  /** What it changed, with before and after; 100 at most. */
  readonly changes: AuditChange[]
  /** How many more it changed. */
  readonly changesOmitted: number
}

/** One page of the audit, and how far back it can go. */
export type AuditList = {
  readonly items: AuditRecord[]
  /** Cursor of the next page; absent on the last one. A page may hold less than its limit and yet have a next one. */
  readonly next?: string
  /** How much of the past the log has: settings `historyDays`. */
  readonly log: {
    /** The first entry that is still in the log. */
    readonly first: number
    /** From which entry on before and after are known. */
    readonly completeFrom: number
    /** The last entry when this was answered. */
    readonly last: number
    /** Its hash in the chain. */
    readonly lastHash: string
  }
}

/** A place outside that is told of changes, without its secret. */
export type Webhook = {
  readonly id: string
  /** Id of the project of which it is told. */
  readonly project: string
  readonly name: string
  readonly url: string
  /** Types of events that it is told of; null: all. */
  readonly events: string[] | null
  /** Ids of networks of which it is told; null: all. */
  readonly networks: string[] | null
  readonly enabled: boolean
  /** Why the controller disabled it; null: it did not. */
  readonly disabledReason: string | null
  /** When it was made. */
  readonly createdAt: string
}

/** One page of a list. */
export type WebhookList = {
  readonly items: Webhook[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** A webhook, and how far it is. */
export type WebhookDetail = {
  readonly id: string
  /** Id of the project of which it is told. */
  readonly project: string
  readonly name: string
  readonly url: string
  /** Types of events that it is told of; null: all. */
  readonly events: string[] | null
  /** Ids of networks of which it is told; null: all. */
  readonly networks: string[] | null
  readonly enabled: boolean
  /** Why the controller disabled it; null: it did not. */
  readonly disabledReason: string | null
  /** When it was made. */
  readonly createdAt: string
  /** The last entry of the log that it need not be told any more; kept every few seconds. */
  readonly acknowledged: number
  /** Since when nothing succeeds; null: it does. */
  readonly failingSince: string | null
}

/** A webhook, with its secret. */
export type CreatedWebhook = {
  readonly id: string
  /** Id of the project of which it is told. */
  readonly project: string
  readonly name: string
  readonly url: string
  /** Types of events that it is told of; null: all. */
  readonly events: string[] | null
  /** Ids of networks of which it is told; null: all. */
  readonly networks: string[] | null
  readonly enabled: boolean
  /** Why the controller disabled it; null: it did not. */
  readonly disabledReason: string | null
  /** When it was made. */
  readonly createdAt: string
  /** With it the receiver checks the signature, as Standard Webhooks says: 'whsec_' and base64. Shown this once. */
  readonly secret: string
}

/** A message to a receiver, and how it went. */
export type WebhookDelivery = {
  /** The header 'webhook-id', the same at each attempt: a receiver that has it drops the double. */
  readonly id: string
  readonly type: 'change' | 'ping'
  /** The log entry that it tells of; null: a ping. */
  readonly sequence: number | null
  /** 'failed': it is not tried again by itself. */
  readonly state: 'delivered' | 'retrying' | 'failed'
  /** How often it was tried. */
  readonly attempts: number
  /** When it was tried first. */
  readonly firstAt: string
  /** When it was tried last. */
  readonly lastAt: string
  /** When it is tried next; null: not again. */
  readonly nextAt: string | null
  /** What was answered last; null: nothing. */
  readonly status: number | null
  /** Why the last attempt failed; null: it did not. */
  readonly error: string | null
  /** How long the last attempt took. */
  readonly milliseconds: number
}

/** One page of a list. */
export type WebhookDeliveryList = {
  readonly items: WebhookDelivery[]
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string
}

/** All that is known of the link of two members. */
export type Link = {
  readonly a: {
    readonly id: string
    readonly name: string
    readonly online: boolean
    /** How far it is with the current revision. */
    readonly state: 'pending' | 'applied' | 'offline' | 'refused'
    /** 'relay': forwards what it cannot read, for nodes that cannot reach each other; 'hub' and 'gateway': carry packets of others in networks of topology 'hub' and 'sites'. */
    readonly roles: ('relay' | 'hub' | 'gateway')[]
    readonly labels: Readonly<Record<string, string>>
    readonly ipv4: string
    readonly ipv6: string
    /** What the node should have. */
    readonly desiredRevision: number
    /** What it has; 0 while unknown. */
    readonly appliedRevision: number
    /** What was reported of it and cannot be, or was refused: left out, and said here in sentences. */
    readonly problems: string[]
    /** SHA-256 of its WireGuard public key, base64url; null until it has one. */
    readonly keyFingerprint: string | null
    /** Where the other end is reached, as this end's interface has it. */
    readonly endpoint: string | null
    /** Why its agent could not apply what is wanted. */
    readonly refused: string | null
  }
  readonly b: {
    readonly id: string
    readonly name: string
    readonly online: boolean
    /** How far it is with the current revision. */
    readonly state: 'pending' | 'applied' | 'offline' | 'refused'
    /** 'relay': forwards what it cannot read, for nodes that cannot reach each other; 'hub' and 'gateway': carry packets of others in networks of topology 'hub' and 'sites'. */
    readonly roles: ('relay' | 'hub' | 'gateway')[]
    readonly labels: Readonly<Record<string, string>>
    readonly ipv4: string
    readonly ipv6: string
    /** What the node should have. */
    readonly desiredRevision: number
    /** What it has; 0 while unknown. */
    readonly appliedRevision: number
    /** What was reported of it and cannot be, or was refused: left out, and said here in sentences. */
    readonly problems: string[]
    /** SHA-256 of its WireGuard public key, base64url; null until it has one. */
    readonly keyFingerprint: string | null
    /** Where the other end is reached, as this end's interface has it. */
    readonly endpoint: string | null
    /** Why its agent could not apply what is wanted. */
    readonly refused: string | null
  }
  /** How packets travel: within a LAN, to an address that anybody can reach, through holes in both address translations, through a relay that cannot read them, or not at all. */
  readonly path: 'lan' | 'direct' | 'punched' | 'relayed' | 'none'
  /** Id of the relay; null for paths other than 'relayed', and while it is unknown. */
  readonly via: string | null
  /** Why they travel so, and what would make it better. Empty in a brief answer. */
  readonly reason: string
  readonly state: 'pending' | 'up' | 'stale' | 'down'
  /** Since the last handshake; null if there was none. */
  readonly handshakeAgeSeconds: number | null
  /** Received at a from b. */
  readonly rxBytes: number
  /** Sent from a to b. */
  readonly txBytes: number
  /** A quarter of an hour, six hours and a week, ever coarser. Gone when the controller restarts. */
  readonly traffic: {
    readonly stepSeconds: number
    /** Oldest first; stretches without a report are left out. */
    readonly points: {
      /** When the stretch of time began. */
      readonly at: string
      /** Received at a from b in it. */
      readonly rxBytes: number
      /** Sent from a to b in it. */
      readonly txBytes: number
      /** At its end; null if there was none. */
      readonly handshakeAgeSeconds: number | null
    }[]
  }[]
  /** What changed last at one of the two. */
  readonly lastChange: Change | null
}

/** Every way between two members, which one is taken, and why. */
export type Paths = {
  /** Id of the node at one end. */
  readonly from: string
  /** Id of the node at the other end. */
  readonly to: string
  /** For people: first one for each direction that says what is, then why it is not better, then what else is to be known, such as what does not fit together. */
  readonly sentences: string[]
  /** What to do about it; empty when all is well. */
  readonly advice: string[]
  /** There and back. */
  readonly directions: {
    /** Id of the node that sends. */
    readonly from: string
    /** Id of the node that receives. */
    readonly to: string
    /** What the policy lets 'from' open to 'to'; replies are always let in. */
    readonly opens: string
    /** 'none' while no handshake is fresh. */
    readonly inUse: {
      /** How packets travel: within a LAN, to an address that anybody can reach, through holes in both address translations, through a relay that cannot read them, or not at all. */
      readonly kind: 'lan' | 'direct' | 'punched' | 'relayed' | 'none'
      /** Id of the relay; null for paths other than 'relayed', and while it is unknown. */
      readonly via: string | null
    }
    /** What is tried, best first. */
    readonly candidates: {
      /** Best first: lan, direct, punched, relayed. */
      readonly kind: 'lan' | 'direct' | 'punched' | 'relayed'
      /** Where to send; null: the other end has to begin. */
      readonly endpoint: string | null
      /** Id of the relay; null for paths other than 'relayed', and while it is unknown. */
      readonly via: string | null
      /** Seconds between packets that keep the way open; 0: none are needed. */
      readonly keepalive: number
      /** Of packets inside the tunnel, in bytes. */
      readonly mtu: number
    }[]
    /** Why a kind of path is not among the candidates, or not the first of them. */
    readonly rejected: {
      /** Best first: lan, direct, punched, relayed. */
      readonly kind: 'lan' | 'direct' | 'punched' | 'relayed'
      readonly reason: string
    }[]
  }[]
}

/** Who may open what to whom in a network. */
export type Policy = {
  /** What holds for a direction that no rule speaks of. Where rules speak, only what they say may be opened. */
  readonly default: 'allow' | 'deny'
  /** Who may open what to whom. Two members that may open nothing to each other are no peers. */
  readonly rules: {
    /** Who may open flows: '*' (all members), 'label=value', 'label=value,label2=value2' (all of these), or a node. */
    readonly from: string
    /** To whom: '*' (all members), 'label=value', 'label=value,label2=value2' (all of these), or a node. */
    readonly to: string
    /** Absent: tcp and udp where there are ports, else everything. icmp is that of both families. */
    readonly protocols?: ('tcp' | 'udp' | 'icmp')[]
    /** Ports at 'to', of tcp and udp; absent: all. */
    readonly ports?: (number | string)[]
  }[]
}

/** What a change would do to links; nothing was changed. */
export type LinkChanges = {
  /** Pairs that would become peers. */
  readonly appear: {
    /** All of them. */
    readonly count: number
    /** The first 1,000: id of the network, and of the nodes at both ends. */
    readonly links: {
      readonly network: string
      readonly a: string
      readonly b: string
    }[]
  }
  /** Pairs that would be peers no longer. */
  readonly disappear: {
    /** All of them. */
    readonly count: number
    /** The first 1,000: id of the network, and of the nodes at both ends. */
    readonly links: {
      readonly network: string
      readonly a: string
      readonly b: string
    }[]
  }
  /** What agents would be sent that are connected and up to date; endpoints on a LAN of their own come on top. */
  readonly push: {
    /** All of it. */
    readonly bytes: number
    /** Members that would be sent something. */
    readonly count: number
    /** The first 1,000: who would be sent how many bytes of frames. */
    readonly members: {
      readonly network: string
      readonly node: string
      readonly bytes: number
    }[]
  }
}

/** What a document changed, or would change. */
export type ApplyResult = {
  /** Whether it is done; false for a dry run. */
  readonly applied: boolean
  /** In the order in which they are made. Empty: all is as the document says. */
  readonly changes: {
    readonly change: 'add' | 'change' | 'remove'
    /** Where it stands in the document. */
    readonly path: string
    /** What is there. */
    readonly before?: string
    /** What is wanted. */
    readonly after?: string
  }[]
  /** What is there and not in the document, and stays because 'prune' was not asked for. */
  readonly kept: {
    readonly change: 'add' | 'change' | 'remove'
    /** Where it stands in the document. */
    readonly path: string
    /** What is there. */
    readonly before?: string
    /** What is wanted. */
    readonly after?: string
  }[]
  readonly links?: LinkChanges
}

/** Work that takes long, and what came of it. */
export type Operation = {
  readonly id: string
  /** How far it is. */
  readonly state: 'running' | 'done' | 'failed'
  /** When it was asked for. */
  readonly startedAt: string
  /** When it was over; null while it runs. */
  readonly endedAt: string | null
  /** What it would have answered, once it is done. */
  readonly result?: BatchResult | ApplyResult
  readonly problem?: Problem
}

/** What each operation takes and answers, by its id. */
export interface Operations {
  /** Whether the process answers. `GET /healthz` */
  readonly health: {
    readonly input: Readonly<Record<string, never>>
    readonly answer: {
      readonly status: string
    }
  }
  /** Whether it serves: 503 while it starts or stops, or Redis takes no changes; a full disk alone is no reason. `GET /readyz` */
  readonly ready: {
    readonly input: Readonly<Record<string, never>>
    readonly answer: {
      readonly status: string
    }
  }
  /** Metrics in the text format of Prometheus. `GET /metrics` */
  readonly metrics: {
    readonly input: Readonly<Record<string, never>>
    readonly answer: string
  }
  /** Every error code, and what it means. `GET /v1/errors` */
  readonly listErrors: {
    readonly input: {
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'code' | 'status' | '-code' | '-status' | undefined
        /** Only those that go with this HTTP status. */
        readonly status?: number | undefined
      }
    }
    readonly answer: ErrorCodeList
  }
  /** One error code, and what it means. `GET /v1/errors/{code}` */
  readonly showError: {
    readonly input: {
      readonly path: {
        /** The code of a problem. */
        readonly code: string
      }
    }
    readonly answer: ErrorCode
  }
  /** Make a project: a tenant with networks, nodes and tokens of its own. `POST /v1/projects` */
  readonly createProject: {
    readonly input: {
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
      }
      readonly body: {
        /** A DNS label, unique among its kind. */
        readonly name: string
      }
    }
    readonly answer: Project
  }
  /** All projects, by name; only its own for a token of one project. `GET /v1/projects` */
  readonly listProjects: {
    readonly input: {
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'name' | 'createdAt' | '-name' | '-createdAt' | undefined
        /** Only those whose name contains this. */
        readonly name?: string | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: ProjectList
  }
  /** One project. `GET /v1/projects/{project}` */
  readonly showProject: {
    readonly input: {
      readonly path: {
        /** Id or name of the project. */
        readonly project: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Project
  }
  /** Delete a project with all its networks, nodes, tokens and webhooks, at once. Wants its name back if it has any of these. `DELETE /v1/projects/{project}` */
  readonly deleteProject: {
    readonly input: {
      readonly path: {
        /** Id or name of the project. */
        readonly project: string
      }
      readonly query?: {
        /** Its name, given back: needed when machines are cut off by it. */
        readonly confirm?: string | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
    }
    readonly answer: undefined
    readonly dryRun: LinkChanges
  }
  /** Make an API token. Its secret is in this answer only. `POST /v1/api-tokens` */
  readonly createApiToken: {
    readonly input: {
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
      }
      readonly body: {
        /** What it is for, for people. */
        readonly name: string
        /** 'viewer' sees, 'operator' also changes networks, members, nodes and join tokens, 'admin' also shares networks and makes API tokens. */
        readonly role: 'viewer' | 'operator' | 'admin'
        /** Narrows the role to these permissions. */
        readonly scopes?: readonly ('networks:read' | 'networks:write' | 'members:write' | 'nodes:read' | 'nodes:write' | 'tokens:read' | 'tokens:write' | 'grants:read' | 'grants:write' | 'api-tokens:read' | 'api-tokens:write' | 'projects:read' | 'projects:write' | 'relays:write' | 'webhooks:read' | 'webhooks:write' | 'audit:read' | 'metrics:read')[] | undefined
        /** Whether it counts in all projects; only a token that does can make another. */
        readonly global?: boolean | undefined
        /** How long it can be used, from now: at most ten years. Absent: until it is revoked. */
        readonly ttlSeconds?: number | undefined
      }
    }
    readonly answer: CreatedApiToken
  }
  /** The API tokens of the project, by id; for global tokens those that count in all projects, too. `GET /v1/api-tokens` */
  readonly listApiTokens: {
    readonly input: {
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'id' | 'name' | 'createdAt' | '-id' | '-name' | '-createdAt' | undefined
        /** Only those whose name contains this. */
        readonly name?: string | undefined
        /** Whether only those of all projects, or none of these. */
        readonly global?: boolean | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: ApiTokenList
  }
  /** One API token, without its secret. `GET /v1/api-tokens/{token}` */
  readonly showApiToken: {
    readonly input: {
      readonly path: {
        /** Id of the token; its secret is another thing. */
        readonly token: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: ApiToken
  }
  /** Revoke an API token, at once. The last global one that can make others stays. `DELETE /v1/api-tokens/{token}` */
  readonly revokeApiToken: {
    readonly input: {
      readonly path: {
        /** Id of the token; its secret is another thing. */
        readonly token: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: undefined
  }
  /** Who asks, and what it may do. `GET /v1/whoami` */
  readonly whoami: {
    readonly input: {
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Whoami
  }
  /** Make a network; its name is all that is needed. `POST /v1/networks` */
  readonly createNetwork: {
    readonly input: {
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
      }
      readonly body: {
        /** A DNS label, unique among its kind. */
        readonly name: string
        /** IPv4 range. Absent: the next free /16 of the pool. */
        readonly ipv4?: string | undefined
        /** Unique local /48 (RFC 4193). Absent: a random one. */
        readonly ipv6?: string | undefined
        /** Prefix length of each member's IPv4 subnet; with 32 a member has an address only. */
        readonly nodePrefixLength?: number | undefined
        /** Who is whose peer. 'mesh': all pairs. 'hub': members and the hubs among them. 'sites': all within a site, and gateways between the sites. */
        readonly topology?: 'mesh' | 'hub' | 'sites' | undefined
        /** Who makes the WireGuard keys of members: the controller (sealed to the node at once), or each node. */
        readonly keyCustody?: 'controller' | 'node' | undefined
      }
    }
    readonly answer: Network
  }
  /** The networks of the project, by name, and those that are shared with it. `GET /v1/networks` */
  readonly listNetworks: {
    readonly input: {
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'name' | 'createdAt' | '-name' | '-createdAt' | undefined
        /** Only those whose name contains this. */
        readonly name?: string | undefined
        readonly topology?: 'mesh' | 'hub' | 'sites' | 'transit' | undefined
        /** Whether only those of other projects, or none of these. */
        readonly shared?: boolean | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: NetworkList
  }
  /** One network. `GET /v1/networks/{network}` */
  readonly showNetwork: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Network
  }
  /** Delete a network, with all its members, at once. Wants its name back while members are online. `DELETE /v1/networks/{network}` */
  readonly deleteNetwork: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** Its name, given back: needed when machines are cut off by it. */
        readonly confirm?: string | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
    }
    readonly answer: undefined
    readonly dryRun: LinkChanges
  }
  /** Let nodes of another project be members: it sees the network by its id, and adds and removes its own nodes. `PUT /v1/networks/{network}/grants/{project}` */
  readonly shareNetwork: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
        /** Id or name of the project to share with. */
        readonly project: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Grant
  }
  /** Share a network no longer: nodes of the other project are members no more, at once. Wants the name of the network back while any of them is online. `DELETE /v1/networks/{network}/grants/{project}` */
  readonly unshareNetwork: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
        /** Id or name of the project to share with. */
        readonly project: string
      }
      readonly query?: {
        /** Its name, given back: needed when machines are cut off by it. */
        readonly confirm?: string | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: undefined
    readonly dryRun: LinkChanges
  }
  /** With which projects a network is shared, by id. `GET /v1/networks/{network}/grants` */
  readonly listGrants: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'project' | '-project' | undefined
        /** Only the grant to this project, by its id: whether there is one. */
        readonly with?: string | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: GrantList
  }
  /** Add a node to a network: it gets its addresses and key, and all others hear of it. `POST /v1/networks/{network}/members` */
  readonly addMember: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
      }
      readonly body: {
        /** Id or name of the node. */
        readonly node: string
      }
    }
    readonly answer: Member
    readonly dryRun: LinkChanges
  }
  /** All members of a network, by node id. `GET /v1/networks/{network}/members` */
  readonly listMembers: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'node' | 'name' | 'addedAt' | '-node' | '-name' | '-addedAt' | undefined
        /** Only those whose name contains this. */
        readonly name?: string | undefined
        readonly state?: 'pending' | 'applied' | 'offline' | 'refused' | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: MemberList
  }
  /** One member of a network. `GET /v1/networks/{network}/members/{node}` */
  readonly showMember: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
        /** Id or name of the node. */
        readonly node: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Member
  }
  /** Take a node out of a network. Its addresses stay reserved for its return for a while. `DELETE /v1/networks/{network}/members/{node}` */
  readonly removeMember: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
        /** Id or name of the node. */
        readonly node: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
    }
    readonly answer: undefined
    readonly dryRun: LinkChanges
  }
  /** Add and remove many members at once: all of it, or nothing. Wants the name of the network back where it takes out half or more of the members that are online. `POST /v1/networks/{network}/members/batch` */
  readonly changeMembers: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** Its name, given back: needed when machines are cut off by it. */
        readonly confirm?: string | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
      readonly body: {
        /** Nodes that become members. */
        readonly add?: readonly string[] | undefined
        /** Members that are to leave; they go first. */
        readonly remove?: readonly string[] | undefined
      }
    }
    readonly answer: BatchResult
    readonly dryRun: LinkChanges
  }
  /** Make networks, members, policies, labels and roles as a document says: all of it, or nothing. `POST /v1/apply` */
  readonly apply: {
    readonly input: {
      readonly query?: {
        /** Take away what is there and not in the document: networks of the project, members of networks that have 'members', labels of nodes that have 'labels'. */
        readonly prune?: boolean | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
      readonly body: {
        /** Networks of the project, by name: 1 to 63 lower-case letters, digits and inner hyphens. */
        readonly networks?: Readonly<Record<string, {
          /** IPv4 range. Absent: the next free /16 of the pool. */
          readonly ipv4?: string | undefined
          /** Unique local /48 (RFC 4193). Absent: a random one. */
          readonly ipv6?: string | undefined
          /** Prefix length of each member's IPv4 subnet; with 32 a member has an address only. */
          readonly nodePrefixLength?: number | undefined
          /** Who is whose peer. 'mesh': all pairs. 'hub': members and the hubs among them. 'sites': all within a site, and gateways between the sites. */
          readonly topology?: 'mesh' | 'hub' | 'sites' | undefined
          /** Who makes the WireGuard keys of members: the controller (sealed to the node at once), or each node. */
          readonly keyCustody?: 'controller' | 'node' | undefined
          /** Nodes that are to be members. Absent: members are left as they are. */
          readonly members?: readonly string[] | undefined
          /** The whole policy. Absent: it is left as it is. */
          readonly policy?: {
            /** What holds for a direction that no rule speaks of. Where rules speak, only what they say may be opened. */
            readonly default: 'allow' | 'deny'
            /** Who may open what to whom. Two members that may open nothing to each other are no peers. */
            readonly rules: readonly {
              /** Who may open flows: '*' (all members), 'label=value', 'label=value,label2=value2' (all of these), or a node. */
              readonly from: string
              /** To whom: '*' (all members), 'label=value', 'label=value,label2=value2' (all of these), or a node. */
              readonly to: string
              /** Absent: tcp and udp where there are ports, else everything. icmp is that of both families. */
              readonly protocols?: readonly ('tcp' | 'udp' | 'icmp')[] | undefined
              /** Ports at 'to', of tcp and udp; absent: all. */
              readonly ports?: readonly (number | string)[] | undefined
            }[]
          } | undefined
        }>> | undefined
        /** Nodes of the project, by name or id: 1 to 63 lower-case letters, digits and inner hyphens. */
        readonly nodes?: Readonly<Record<string, {
          /** Labels that it is to have. Absent: they are left as they are. */
          readonly labels?: Readonly<Record<string, string>> | undefined
          /** 'relay': forwards what it cannot read, for nodes that cannot reach each other; 'hub' and 'gateway': carry packets of others in networks of topology 'hub' and 'sites'. */
          readonly roles?: readonly ('relay' | 'hub' | 'gateway')[] | undefined
        }>> | undefined
      }
    }
    readonly answer: ApplyResult
    readonly dryRun: ApplyResult
  }
  /** How far work is that was answered with 202, and what came of it. `GET /v1/operations/{operation}` */
  readonly showOperation: {
    readonly input: {
      readonly path: {
        /** Id of the operation, from the answer with status 202. */
        readonly operation: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Operation
  }
  /** The nodes of the project, by name. `GET /v1/nodes` */
  readonly listNodes: {
    readonly input: {
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'name' | 'enrolledAt' | '-name' | '-enrolledAt' | undefined
        /** Only those whose name contains this. */
        readonly name?: string | undefined
        /** Whether its agent is connected. */
        readonly online?: boolean | undefined
        /** Only those with this role. */
        readonly role?: 'relay' | 'hub' | 'gateway' | undefined
        /** Only those with this label: a name, or name=value. */
        readonly label?: string | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: NodeList
  }
  /** One node. `GET /v1/nodes/{node}` */
  readonly showNode: {
    readonly input: {
      readonly path: {
        /** Id or name of the node. */
        readonly node: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Node
  }
  /** Change the labels of a node: those given are set, null takes one away, all others stay. `PATCH /v1/nodes/{node}` */
  readonly changeNode: {
    readonly input: {
      readonly path: {
        /** Id or name of the node. */
        readonly node: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
      readonly body: {
        /** Labels to set, and those to take away as null; all others stay. A node has at most 32, with names of at most 63 letters, digits and inner . _ / - */
        readonly labels: Readonly<Record<string, string | null>>
      }
    }
    readonly answer: Node
    readonly dryRun: LinkChanges
  }
  /** Forget a node: out of all its networks, and refused until it joins anew. `DELETE /v1/nodes/{node}` */
  readonly removeNode: {
    readonly input: {
      readonly path: {
        /** Id or name of the node. */
        readonly node: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
    }
    readonly answer: undefined
    readonly dryRun: LinkChanges
  }
  /** Say what a node does for others: the whole list, which may be empty. `POST /v1/nodes/{node}/roles` */
  readonly setRoles: {
    readonly input: {
      readonly path: {
        /** Id or name of the node. */
        readonly node: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
      readonly body: {
        /** 'relay': forwards what it cannot read, for nodes that cannot reach each other; 'hub' and 'gateway': carry packets of others in networks of topology 'hub' and 'sites'. */
        readonly roles: readonly ('relay' | 'hub' | 'gateway')[]
      }
    }
    readonly answer: Node
    readonly dryRun: LinkChanges
  }
  /** Make a join token. Its secret is in this answer only. `POST /v1/tokens` */
  readonly createToken: {
    readonly input: {
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
      }
      readonly body: {
        /** Networks that nodes enter when they join. */
        readonly networks?: readonly string[] | undefined
        /** How many nodes may join with it. */
        readonly uses?: number | undefined
        /** How long it can be used, from now: at most a year. */
        readonly ttlSeconds?: number | undefined
        /** What nodes that join get as labels: at most 32, with names of at most 63 letters, digits and inner . _ / - */
        readonly labels?: Readonly<Record<string, string>> | undefined
      }
    }
    readonly answer: CreatedToken
  }
  /** All join tokens that were not revoked, by id, spent and expired ones among them. `GET /v1/tokens` */
  readonly listTokens: {
    readonly input: {
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'id' | 'createdAt' | 'expiresAt' | '-id' | '-createdAt' | '-expiresAt' | undefined
        /** Whether only those with which a node can join now, or none of these. */
        readonly usable?: boolean | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: TokenList
  }
  /** Revoke a join token. Nodes that joined with it stay. `DELETE /v1/tokens/{token}` */
  readonly revokeToken: {
    readonly input: {
      readonly path: {
        /** Id of the token; its secret is another thing. */
        readonly token: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: undefined
  }
  /** The peer graph: what is wanted, and what was observed. `GET /v1/networks/{network}/graph` */
  readonly showGraph: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** As it was at this revision. Absent: as it is now. */
        readonly revision?: number | undefined
        /** What to answer with; it goes before 'Accept'. */
        readonly format?: 'json' | 'dot' | 'mermaid' | 'graphml' | undefined
        /** Most links in the list: what does not work first, then what is relayed or busy. */
        readonly links?: number | undefined
        /** Id or name of a member: only its links are listed. */
        readonly node?: string | undefined
        /** Name of a label to group by, for instance 'site'. */
        readonly by?: string | undefined
        /** With by: only members of these groups, and links between them, are listed. */
        readonly within?: readonly string[] | string | undefined
        /** False: members are counted, and not listed. */
        readonly members?: boolean | undefined
        /** Also tell the pairs that no link joins, and why. */
        readonly apart?: boolean | undefined
        /** Without the reasons of links. */
        readonly brief?: boolean | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Graph
  }
  /** Who has the latest revision, who has not, and why. `GET /v1/networks/{network}/convergence` */
  readonly showConvergence: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'name' | '-name' | undefined
        /** Which members to list: those that have not applied the latest, or all. */
        readonly members?: 'lagging' | 'all' | undefined
        /** Most members to list; 0: counts are enough. */
        readonly limit?: number | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Convergence
  }
  /** All that is known of the link of two members. `GET /v1/networks/{network}/links/{a}/{b}` */
  readonly showLink: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
        /** Id or name of the node at one end. */
        readonly a: string
        /** Id or name of the node at the other end. */
        readonly b: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Link
  }
  /** How two members reach each other, and why not better. `GET /v1/networks/{network}/paths` */
  readonly explainPaths: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query: {
        /** Id or name of the node at one end. */
        readonly from: string
        /** Id or name of the node at the other end. */
        readonly to: string
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Paths
  }
  /** Who may open what to whom; that of a network without a policy allows everything. `GET /v1/networks/{network}/policy` */
  readonly showPolicy: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Policy
  }
  /** Set the whole policy, or see what that would do to links. `PUT /v1/networks/{network}/policy` */
  readonly setPolicy: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
      readonly body: {
        /** What holds for a direction that no rule speaks of. Where rules speak, only what they say may be opened. */
        readonly default: 'allow' | 'deny'
        /** Who may open what to whom. Two members that may open nothing to each other are no peers. */
        readonly rules: readonly {
          /** Who may open flows: '*' (all members), 'label=value', 'label=value,label2=value2' (all of these), or a node. */
          readonly from: string
          /** To whom: '*' (all members), 'label=value', 'label=value,label2=value2' (all of these), or a node. */
          readonly to: string
          /** Absent: tcp and udp where there are ports, else everything. icmp is that of both families. */
          readonly protocols?: readonly ('tcp' | 'udp' | 'icmp')[] | undefined
          /** Ports at 'to', of tcp and udp; absent: all. */
          readonly ports?: readonly (number | string)[] | undefined
        }[]
      }
    }
    readonly answer: Policy
    readonly dryRun: LinkChanges
  }
  /** The time line of a network. What a node, a person or a program did in it: listAudit. `GET /v1/networks/{network}/history` */
  readonly listHistory: {
    readonly input: {
      readonly path: {
        /** Id or name of the network. */
        readonly network: string
      }
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: '-revision' | 'revision' | undefined
        /** Only what is about this node: id or name. */
        readonly node?: string | undefined
        /** Only what this one did: id, or name of that time. */
        readonly actor?: string | undefined
        /** Only what has one of these. Can be given several times. */
        readonly action?: readonly ('controller-initialised' | 'epoch-raised' | 'project-created' | 'project-deleted' | 'api-token-created' | 'api-token-revoked' | 'join-token-created' | 'join-token-revoked' | 'join-token-used' | 'node-enrolled' | 'node-roles-set' | 'node-labels-set' | 'node-removed' | 'network-created' | 'network-deleted' | 'network-shared' | 'network-unshared' | 'network-policy-set' | 'member-added' | 'member-key-certified' | 'member-removed' | 'tombstones-cleared' | 'webhook-created' | 'webhook-changed' | 'webhook-disabled' | 'webhook-deleted')[] | 'controller-initialised' | 'epoch-raised' | 'project-created' | 'project-deleted' | 'api-token-created' | 'api-token-revoked' | 'join-token-created' | 'join-token-revoked' | 'join-token-used' | 'node-enrolled' | 'node-roles-set' | 'node-labels-set' | 'node-removed' | 'network-created' | 'network-deleted' | 'network-shared' | 'network-unshared' | 'network-policy-set' | 'member-added' | 'member-key-certified' | 'member-removed' | 'tombstones-cleared' | 'webhook-created' | 'webhook-changed' | 'webhook-disabled' | 'webhook-deleted' | undefined
        /** Only what was done then or later. */
        readonly since?: string | undefined
        /** Only what was done before. */
        readonly until?: string | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: ChangeList
  }
  /** Who did what, when, and from where, with before and after: straight from the log. `GET /v1/audit` */
  readonly listAudit: {
    readonly input: {
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: '-sequence' | 'sequence' | undefined
        /** Only what is about this network: id or name. */
        readonly network?: string | undefined
        /** Only what is about this node: id or name. */
        readonly node?: string | undefined
        /** Only what this one did: id, or name of that time. */
        readonly actor?: string | undefined
        /** Only what has one of these. Can be given several times. */
        readonly action?: readonly ('controller-initialised' | 'epoch-raised' | 'project-created' | 'project-deleted' | 'api-token-created' | 'api-token-revoked' | 'join-token-created' | 'join-token-revoked' | 'join-token-used' | 'node-enrolled' | 'node-roles-set' | 'node-labels-set' | 'node-removed' | 'network-created' | 'network-deleted' | 'network-shared' | 'network-unshared' | 'network-policy-set' | 'member-added' | 'member-key-certified' | 'member-removed' | 'tombstones-cleared' | 'webhook-created' | 'webhook-changed' | 'webhook-disabled' | 'webhook-deleted')[] | 'controller-initialised' | 'epoch-raised' | 'project-created' | 'project-deleted' | 'api-token-created' | 'api-token-revoked' | 'join-token-created' | 'join-token-revoked' | 'join-token-used' | 'node-enrolled' | 'node-roles-set' | 'node-labels-set' | 'node-removed' | 'network-created' | 'network-deleted' | 'network-shared' | 'network-unshared' | 'network-policy-set' | 'member-added' | 'member-key-certified' | 'member-removed' | 'tombstones-cleared' | 'webhook-created' | 'webhook-changed' | 'webhook-disabled' | 'webhook-deleted' | undefined
        /** Only what was done then or later. */
        readonly since?: string | undefined
        /** Only what was done before. */
        readonly until?: string | undefined
        /** Everything, whatever project it is of; for global tokens. */
        readonly allProjects?: boolean | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: AuditList
  }
  /** Have a place outside told of what changes in the project. The secret is in this answer only. `POST /v1/webhooks` */
  readonly createWebhook: {
    readonly input: {
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
      }
      readonly body: {
        /** What it is for, for people; the host of its URL unless given. */
        readonly name?: string | undefined
        /** Whether it is told anything. One that is enabled again goes on where it stopped. */
        readonly enabled?: boolean | undefined
        /** Where to: https, at a public address unless the settings of the controller allow others. */
        readonly url: string
        /** Types of events that it is told of. */
        readonly events?: readonly ('controller-initialised' | 'epoch-raised' | 'project-created' | 'project-deleted' | 'api-token-created' | 'api-token-revoked' | 'join-token-created' | 'join-token-revoked' | 'join-token-used' | 'node-enrolled' | 'node-roles-set' | 'node-labels-set' | 'node-removed' | 'network-created' | 'network-deleted' | 'network-shared' | 'network-unshared' | 'network-policy-set' | 'member-added' | 'member-key-certified' | 'member-removed' | 'tombstones-cleared' | 'webhook-created' | 'webhook-changed' | 'webhook-disabled' | 'webhook-deleted')[] | undefined
        /** Networks of which it is told: ids or names. */
        readonly networks?: readonly string[] | undefined
      }
    }
    readonly answer: CreatedWebhook
  }
  /** The webhooks of the project, by id. `GET /v1/webhooks` */
  readonly listWebhooks: {
    readonly input: {
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: 'id' | 'name' | 'createdAt' | '-id' | '-name' | '-createdAt' | undefined
        /** Only those whose name contains this. */
        readonly name?: string | undefined
        /** Whether only those that are enabled, or none of these. */
        readonly enabled?: boolean | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: WebhookList
  }
  /** One webhook, without its secret, and how far it is. `GET /v1/webhooks/{webhook}` */
  readonly showWebhook: {
    readonly input: {
      readonly path: {
        /** Id of the webhook. */
        readonly webhook: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: WebhookDetail
  }
  /** Change a webhook, disable it, or enable it again: then it goes on where it stopped. `PATCH /v1/webhooks/{webhook}` */
  readonly changeWebhook: {
    readonly input: {
      readonly path: {
        /** Id of the webhook. */
        readonly webhook: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
      readonly body: {
        /** What it is for, for people; the host of its URL unless given. */
        readonly name?: string | undefined
        /** Whether it is told anything. One that is enabled again goes on where it stopped. */
        readonly enabled?: boolean | undefined
        /** Where to: https, at a public address unless the settings of the controller allow others. */
        readonly url?: string | undefined
        /** Types of events that it is told of. */
        readonly events?: readonly ('controller-initialised' | 'epoch-raised' | 'project-created' | 'project-deleted' | 'api-token-created' | 'api-token-revoked' | 'join-token-created' | 'join-token-revoked' | 'join-token-used' | 'node-enrolled' | 'node-roles-set' | 'node-labels-set' | 'node-removed' | 'network-created' | 'network-deleted' | 'network-shared' | 'network-unshared' | 'network-policy-set' | 'member-added' | 'member-key-certified' | 'member-removed' | 'tombstones-cleared' | 'webhook-created' | 'webhook-changed' | 'webhook-disabled' | 'webhook-deleted')[] | null | undefined
        /** Networks of which it is told: ids or names. */
        readonly networks?: readonly string[] | null | undefined
      }
    }
    readonly answer: Webhook
  }
  /** Delete a webhook: it is told nothing more. `DELETE /v1/webhooks/{webhook}` */
  readonly deleteWebhook: {
    readonly input: {
      readonly path: {
        /** Id of the webhook. */
        readonly webhook: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** ETag of the version that is to be changed. Another one is not touched. */
        readonly 'if-match'?: string | undefined
      }
    }
    readonly answer: undefined
  }
  /** The last 200 messages to a webhook and how they went, the latest first. `GET /v1/webhooks/{webhook}/deliveries` */
  readonly listWebhookDeliveries: {
    readonly input: {
      readonly path: {
        /** Id of the webhook. */
        readonly webhook: string
      }
      readonly query?: {
        /** Most items on one page. */
        readonly limit?: number | undefined
        /** The 'next' of the page before. Absent: the first page. */
        readonly cursor?: string | undefined
        /** What to sort by; with a hyphen, backwards. A cursor goes with the order it was made in. */
        readonly sort?: '-firstAt' | '-lastAt' | 'firstAt' | 'lastAt' | undefined
        /** Only those in this state. */
        readonly state?: 'delivered' | 'retrying' | 'failed' | undefined
        /** Only those of this type. */
        readonly type?: 'change' | 'ping' | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: WebhookDeliveryList
  }
  /** Send a message of type 'ping', once, also to a webhook that is disabled. `POST /v1/webhooks/{webhook}/test` */
  readonly testWebhook: {
    readonly input: {
      readonly path: {
        /** Id of the webhook. */
        readonly webhook: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
      }
    }
    readonly answer: WebhookDelivery
  }
  /** Send a message once more, with the same id, whatever became of it. `POST /v1/webhooks/{webhook}/deliveries/{delivery}/redeliver` */
  readonly redeliverWebhook: {
    readonly input: {
      readonly path: {
        /** Id of the webhook. */
        readonly webhook: string
        /** Id of the delivery: the header 'webhook-id' of its message. */
        readonly delivery: string
      }
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Chosen by the caller, for instance a UUID. A repeated POST with the same key is done once and answers with the object that the first one made. */
        readonly 'idempotency-key'?: string | undefined
      }
    }
    readonly answer: WebhookDelivery
  }
  /** What happens in the project, as it happens: server-sent events. `GET /v1/events` */
  readonly streamEvents: {
    readonly input: {
      readonly query?: {
        /** Only what concerns it, and what is seen of it. Can be given several times. */
        readonly network?: readonly string[] | string | undefined
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
      readonly headers?: {
        /** Id of the last event that came: those after it follow. Absent: from now on. */
        readonly 'last-event-id'?: string | undefined
      }
    }
    readonly answer: string
  }
  /** How people can sign in, and whether this browser is. `GET /v1/auth` */
  readonly showSignIn: {
    readonly input: Readonly<Record<string, never>>
    readonly answer: SignInWays
  }
  /** Where a browser goes to sign in: it is sent to the issuer, and comes back with a session. `GET /v1/auth/oidc/login` */
  readonly login: {
    readonly input: {
      readonly query?: {
        /** Id or name of the project in which to act; absent: all, or the first that is open to the person. */
        readonly project?: string | undefined
      }
    }
    readonly answer: undefined
  }
  /** Where to send the browser of somebody who signs in to a program. `POST /v1/auth/oidc/code` */
  readonly beginSignIn: {
    readonly input: {
      readonly body: {
        /** Where the program listens for the browser (RFC 8252, section 7.3). */
        readonly redirectUri: string
        /** What the browser brings back unchanged. */
        readonly state: string
        /** What the ID token has to hold. */
        readonly nonce: string
        /** SHA-256 of the verifier, base64url (RFC 7636). */
        readonly codeChallenge: string
      }
    }
    readonly answer: SignInUrl
  }
  /** Begin a session with what the browser brought back. Its token is in this answer only. `POST /v1/auth/oidc/code/session` */
  readonly finishSignIn: {
    readonly input: {
      readonly body: {
        /** Where the program listens for the browser (RFC 8252, section 7.3). */
        readonly redirectUri: string
        /** What the browser brings back unchanged. */
        readonly state: string
        /** What the ID token has to hold. */
        readonly nonce: string
        /** What the browser brought back. */
        readonly code: string
        /** The 'iss' that the browser brought back, if any. */
        readonly issuer?: string | undefined
        /** Of which the challenge was made. */
        readonly codeVerifier: string
        /** Id or name of the project in which to act; absent: all, or the first that is open to the person. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Session
  }
  /** Begin a sign-in that is finished with a browser anywhere. `POST /v1/auth/oidc/device` */
  readonly beginDeviceSignIn: {
    readonly input: Readonly<Record<string, never>>
    readonly answer: DeviceCode
  }
  /** Begin a session once the person has finished; 202 until then. Its token is in this answer only. `POST /v1/auth/oidc/device/session` */
  readonly finishDeviceSignIn: {
    readonly input: {
      readonly body: {
        /** As it was given. */
        readonly deviceCode: string
        /** Id or name of the project in which to act; absent: all, or the first that is open to the person. */
        readonly project?: string | undefined
      }
    }
    readonly answer: Session
  }
  /** End the session of who asks, at once and everywhere. `DELETE /v1/auth/session` */
  readonly signOut: {
    readonly input: {
      readonly query?: {
        /** Id or name of the project to act in, else that of the token. */
        readonly project?: string | undefined
      }
    }
    readonly answer: undefined
  }
}

/** Method and path of each operation. */
export const OPERATIONS = {
  health: ['GET', '/healthz'],
  ready: ['GET', '/readyz'],
  metrics: ['GET', '/metrics'],
  listErrors: ['GET', '/v1/errors'],
  showError: ['GET', '/v1/errors/{code}'],
  createProject: ['POST', '/v1/projects'],
  listProjects: ['GET', '/v1/projects'],
  showProject: ['GET', '/v1/projects/{project}'],
  deleteProject: ['DELETE', '/v1/projects/{project}'],
  createApiToken: ['POST', '/v1/api-tokens'],
  listApiTokens: ['GET', '/v1/api-tokens'],
  showApiToken: ['GET', '/v1/api-tokens/{token}'],
  revokeApiToken: ['DELETE', '/v1/api-tokens/{token}'],
  whoami: ['GET', '/v1/whoami'],
  createNetwork: ['POST', '/v1/networks'],
  listNetworks: ['GET', '/v1/networks'],
  showNetwork: ['GET', '/v1/networks/{network}'],
  deleteNetwork: ['DELETE', '/v1/networks/{network}'],
  shareNetwork: ['PUT', '/v1/networks/{network}/grants/{project}'],
  unshareNetwork: ['DELETE', '/v1/networks/{network}/grants/{project}'],
  listGrants: ['GET', '/v1/networks/{network}/grants'],
  addMember: ['POST', '/v1/networks/{network}/members'],
  listMembers: ['GET', '/v1/networks/{network}/members'],
  showMember: ['GET', '/v1/networks/{network}/members/{node}'],
  removeMember: ['DELETE', '/v1/networks/{network}/members/{node}'],
  changeMembers: ['POST', '/v1/networks/{network}/members/batch'],
  apply: ['POST', '/v1/apply'],
  showOperation: ['GET', '/v1/operations/{operation}'],
  listNodes: ['GET', '/v1/nodes'],
  showNode: ['GET', '/v1/nodes/{node}'],
  changeNode: ['PATCH', '/v1/nodes/{node}'],
  removeNode: ['DELETE', '/v1/nodes/{node}'],
  setRoles: ['POST', '/v1/nodes/{node}/roles'],
  createToken: ['POST', '/v1/tokens'],
  listTokens: ['GET', '/v1/tokens'],
  revokeToken: ['DELETE', '/v1/tokens/{token}'],
  showGraph: ['GET', '/v1/networks/{network}/graph'],
  showConvergence: ['GET', '/v1/networks/{network}/convergence'],
  showLink: ['GET', '/v1/networks/{network}/links/{a}/{b}'],
  explainPaths: ['GET', '/v1/networks/{network}/paths'],
  showPolicy: ['GET', '/v1/networks/{network}/policy'],
  setPolicy: ['PUT', '/v1/networks/{network}/policy'],
  listHistory: ['GET', '/v1/networks/{network}/history'],
  listAudit: ['GET', '/v1/audit'],
  createWebhook: ['POST', '/v1/webhooks'],
  listWebhooks: ['GET', '/v1/webhooks'],
  showWebhook: ['GET', '/v1/webhooks/{webhook}'],
  changeWebhook: ['PATCH', '/v1/webhooks/{webhook}'],
  deleteWebhook: ['DELETE', '/v1/webhooks/{webhook}'],
  listWebhookDeliveries: ['GET', '/v1/webhooks/{webhook}/deliveries'],
  testWebhook: ['POST', '/v1/webhooks/{webhook}/test'],
  redeliverWebhook: ['POST', '/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver'],
  streamEvents: ['GET', '/v1/events'],
  showSignIn: ['GET', '/v1/auth'],
  login: ['GET', '/v1/auth/oidc/login'],
  beginSignIn: ['POST', '/v1/auth/oidc/code'],
  finishSignIn: ['POST', '/v1/auth/oidc/code/session'],
  beginDeviceSignIn: ['POST', '/v1/auth/oidc/device'],
  finishDeviceSignIn: ['POST', '/v1/auth/oidc/device/session'],
  signOut: ['DELETE', '/v1/auth/session'],
} as const satisfies Readonly<Record<keyof Operations, readonly [method: string, path: string]>>
