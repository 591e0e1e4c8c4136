import type { Permission } from '../../model/permission.ts'

/** What a route is about, and so how the names in its path are looked up (authorise.ts). */
export type Subject =
  | 'network'
  | 'member'
  | 'node'
  | 'join token'
  | 'api token'
  | 'project'
  | 'grant'
  | 'webhook'

/** Who may use a route. */
export interface Rule {
  /** Absent: whoever is known may. */
  readonly needs?: Permission
  /** Needed besides, because the answer tells what is there. Of a dry run it always does. */
  readonly tells?: Permission
  /** Needed besides, when it asks for a role of that name. */
  readonly relayNeeds?: Permission
  /** Needed besides, when the body has something there: `*` stands for any name. */
  readonly partsNeed?: Readonly<Record<string, readonly Permission[]>>
  /** Absent: no object is named; what is listed or made is of the project in which the caller acts. */
  readonly about?: Subject
  /**
   * What a project may do with a network that another one shares with it. Absent: nothing. `own members`: only where the
   * member is a node of its own.
   */
  readonly shared?: 'everything' | 'own members'
}

/** The one table of who may do what. A route that is not in it cannot be registered; `open` answers to anybody. */
export const ACCESS: Readonly<Record<string, Rule | 'open'>> = {
  'GET /healthz': 'open',
  'GET /readyz': 'open',
  'GET /openapi.json': 'open',
  'GET /docs': 'open',
  'GET /docs/:page': 'open',
  'GET /docs/style.css': 'open',
  'GET /docs/icon.svg': 'open',
  'GET /v1/errors': 'open',
  'GET /v1/errors/:code': 'open',
  'GET /metrics': { needs: 'metrics:read' },

  'GET /v1/whoami': {},

  'GET /v1/auth': 'open',
  'DELETE /v1/auth/session': {},
  // Who comes here is nobody yet; what he gets is what the issuer and the settings say of him.
  'GET /v1/auth/oidc/login': 'open',
  'GET /v1/auth/oidc/callback': 'open',
  'POST /v1/auth/oidc/code': 'open',
  'POST /v1/auth/oidc/code/session': 'open',
  'POST /v1/auth/oidc/device': 'open',
  'POST /v1/auth/oidc/device/session': 'open',

  'POST /v1/projects': { needs: 'projects:write' },
  'GET /v1/projects': { needs: 'projects:read' },
  'GET /v1/projects/:project': { needs: 'projects:read', about: 'project' },
  'DELETE /v1/projects/:project': { needs: 'projects:write', about: 'project' },

  'POST /v1/api-tokens': { needs: 'api-tokens:write' },
  'GET /v1/api-tokens': { needs: 'api-tokens:read' },
  'GET /v1/api-tokens/:token': { needs: 'api-tokens:read', about: 'api token' },
  'DELETE /v1/api-tokens/:token': { needs: 'api-tokens:write', about: 'api token' },

  'POST /v1/networks': { needs: 'networks:write' },
  'GET /v1/networks': { needs: 'networks:read' },
  'GET /v1/networks/:network': { needs: 'networks:read', about: 'network', shared: 'everything' },
  'DELETE /v1/networks/:network': { needs: 'networks:write', about: 'network' },
  // These show labels, endpoints and doings of all members, so they are for the owner only.
  'GET /v1/networks/:network/graph': { needs: 'networks:read', about: 'network' },
  'GET /v1/networks/:network/convergence': { needs: 'networks:read', about: 'network' },
  'GET /v1/networks/:network/paths': { needs: 'networks:read', about: 'network' },
  'GET /v1/networks/:network/links/:a/:b': { needs: 'networks:read', about: 'network' },
  'GET /v1/networks/:network/history': { needs: 'networks:read', about: 'network' },
  // Also what was done with tokens, and from which addresses: for those who decide about access.
  'GET /v1/audit': { needs: 'audit:read' },
  'GET /v1/events': { needs: 'networks:read' },

  'GET /v1/networks/:network/policy': { needs: 'networks:read', about: 'network' },
  'PUT /v1/networks/:network/policy': { needs: 'networks:write', about: 'network' },

  'GET /v1/networks/:network/grants': { needs: 'grants:read', about: 'network' },
  'PUT /v1/networks/:network/grants/:project': { needs: 'grants:write', about: 'grant' },
  'DELETE /v1/networks/:network/grants/:project': { needs: 'grants:write', about: 'grant' },

  'POST /v1/networks/:network/members': { needs: 'members:write', about: 'network', shared: 'everything' },
  'POST /v1/networks/:network/members/batch': {
    needs: 'members:write',
    about: 'network',
    shared: 'everything',
  },
  'GET /v1/networks/:network/members': { needs: 'networks:read', about: 'network', shared: 'everything' },
  'GET /v1/networks/:network/members/:node': {
    needs: 'networks:read',
    about: 'member',
    shared: 'everything',
  },
  'DELETE /v1/networks/:network/members/:node': {
    needs: 'members:write',
    about: 'member',
    shared: 'own members',
  },

  'GET /v1/nodes': { needs: 'nodes:read' },
  'GET /v1/nodes/:node': { needs: 'nodes:read', about: 'node' },
  'PATCH /v1/nodes/:node': { needs: 'nodes:write', about: 'node' },
  'DELETE /v1/nodes/:node': { needs: 'nodes:write', about: 'node' },
  'POST /v1/nodes/:node/roles': { needs: 'nodes:write', relayNeeds: 'relays:write', about: 'node' },

  'POST /v1/apply': {
    needs: 'networks:write',
    tells: 'networks:read',
    partsNeed: { nodes: ['nodes:write', 'nodes:read'], 'networks.*.members': ['members:write'] },
    relayNeeds: 'relays:write',
  },
  'GET /schemas/network.json': 'open',
  // Of the caller's own.
  'GET /v1/operations/:operation': {},
  // A webhook tells a place outside what goes on in the project, and its URL may be a secret.
  'POST /v1/webhooks': { needs: 'webhooks:write' },
  'GET /v1/webhooks': { needs: 'webhooks:read' },
  'GET /v1/webhooks/:webhook': { needs: 'webhooks:read', about: 'webhook' },
  'PATCH /v1/webhooks/:webhook': { needs: 'webhooks:write', about: 'webhook' },
  'DELETE /v1/webhooks/:webhook': { needs: 'webhooks:write', about: 'webhook' },
  'POST /v1/webhooks/:webhook/test': { needs: 'webhooks:write', about: 'webhook' },
  'GET /v1/webhooks/:webhook/deliveries': { needs: 'webhooks:read', about: 'webhook' },
  'POST /v1/webhooks/:webhook/deliveries/:delivery/redeliver': { needs: 'webhooks:write', about: 'webhook' },

  'POST /v1/tokens': { needs: 'tokens:write' },
  'GET /v1/tokens': { needs: 'tokens:read' },
  'DELETE /v1/tokens/:token': { needs: 'tokens:write', about: 'join token' },
}
