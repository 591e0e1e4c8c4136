import Type from 'typebox'
import { oidcSettings } from './oidc-settings.ts'

/** Everything a controller can be told. Defaults are the documented ones of config/controller.yaml. */
export const controllerSettings = Type.Object(
  {
    dataDir: Type.String({
      default: '',
      description:
        'Directory of the log. Empty: /var/lib/weft/controller as root, else ~/.local/state/weft/controller.',
    }),
    store: Type.Union([Type.Literal('sqlite'), Type.Literal('redis')], {
      default: 'sqlite',
      description:
        'Where the log is. sqlite: a file in dataDir, for one controller. redis: on the servers of redisUrls, for any number of controllers that are alike.',
    }),
    redisUrls: Type.Array(
      Type.String({ pattern: '^rediss?(\\+(sentinel|cluster))?://', 'x-expects': 'a URL of Redis' }),
      {
        default: [],
        description:
          'One redis://HOST:PORT, or a redis+sentinel://HOST:PORT/NAME for each Sentinel, or redis+cluster://HOST:PORT for nodes of a Cluster; rediss for TLS; USER:PASSWORD@ before the host. With a password, give it in a file or in WEFT_REDIS_URLS.',
      },
    ),
    redisLevel: Type.Union(
      [Type.Literal('strict'), Type.Literal('restart-only'), Type.Literal('available')],
      {
        default: 'strict',
        description:
          'What a change has survived when it is acknowledged. strict: every replica that may be promoted has it. restart-only: the one server has it. available: one replica has it, and a failover may lose some (deploy/replicas.md).',
      },
    ),
    redisRealm: Type.String({
      pattern: '^[a-z0-9-]{1,32}$',
      default: 'weft',
      description: 'Tells the logs of several fleets on the same Redis servers apart.',
    }),
    listen: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      default: ['127.0.0.1:7443'],
      description: 'Places to listen: HOST:PORT, [IPv6]:PORT or unix:/path. REST and agents share them.',
    }),
    publicUrls: Type.Array(Type.String({ pattern: '^(https|http|unix):' }), {
      default: [],
      description:
        'URLs under which agents reach the controller; written into join tokens. Empty: derived from listen.',
    }),
    historyDays: Type.Number({
      minimum: 1,
      maximum: 36_500,
      default: 30,
      description:
        'Days for which every change stays in the log; so long, and over the last 10,000 changes in any case, a repeated Idempotency-Key answers the same. Older ones are kept only as the state that they led to.',
    }),
    headFile: Type.String({
      default: '',
      description:
        'File that says, signed, how far the log is; written once a minute. Best on another disk: it shows when an old copy of the log was restored. Empty: head.json in dataDir.',
    }),
    wrappingKeyFile: Type.String({
      default: '',
      description:
        'File with the 32-byte key (base64url) that encrypts secrets in the log; made at first start. Empty: the key itself in WEFT_WRAPPING_KEY, else the systemd credential weft-wrapping-key, else wrapping.key in dataDir. All replicas need the same. Keep it out of backups of the log.',
    }),
    ipv4Pool: Type.Array(Type.String(), {
      minItems: 1,
      default: ['10.64.0.0/10'],
      description: 'Where networks without an IPv4 range of their own get the next free /16.',
    }),
    tombstoneDays: Type.Number({
      minimum: 0,
      maximum: 36_500,
      default: 30,
      description: 'Days for which the addresses of a removed member stay reserved for its return.',
    }),
    planDays: Type.Number({
      minimum: 1,
      maximum: 3_650,
      default: 30,
      description:
        'Days after which an agent that heard nothing reports its plan as stale. It keeps running.',
    }),
    heartbeatSeconds: Type.Number({
      minimum: 0.1,
      maximum: 300,
      default: 10,
      description: 'Seconds between heartbeats; a peer that misses two is taken for gone.',
    }),
    gatherMilliseconds: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      default: 50,
      description:
        'The first change of a network is pushed at once; those that follow within this time go together. Up to ten times as long where the push itself takes long.',
    }),
    requestsPerSecond: Type.Number({
      minimum: 1,
      maximum: 1_000_000,
      default: 5_000,
      description: 'REST requests a second that one token may make; for a moment four times as many.',
    }),
    strangerRequestsPerSecond: Type.Number({
      minimum: 1,
      maximum: 1_000_000,
      default: 100,
      description:
        'REST requests a second that one address may make without a token that is known; for a moment four times as many.',
    }),
    ...oidcSettings,
    webhookRanges: Type.Array(Type.String(), {
      default: [],
      description:
        'Address ranges that are not public and to which webhooks may be sent all the same, as 10.1.2.0/24.',
    }),
    webhookPlainHttp: Type.Boolean({
      default: false,
      description: 'Let webhooks go to http URLs too: what they tell travels in the clear.',
    }),
    webhookRetrySeconds: Type.Number({
      minimum: 0.01,
      maximum: 3_600,
      default: 1,
      description:
        'Seconds to the second attempt to deliver a webhook; twice as long each time, up to an hour.',
    }),
    webhookAttempts: Type.Integer({
      minimum: 1,
      maximum: 1_000,
      default: 15,
      description:
        'Attempts after which a message that is answered with an error is given up, and the next one has its turn.',
    }),
    webhookPatienceHours: Type.Number({
      minimum: 0.0001,
      maximum: 8_760,
      default: 72,
      description: 'Hours without one success after which a webhook is disabled.',
    }),
    insecurePlainWebsocket: Type.Boolean({
      default: false,
      description:
        'Serve without TLS. Only for a private wire that encrypts already: tokens travel in the clear.',
    }),
    logLevel: Type.Union(
      [Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')],
      { default: 'info', description: 'The least grave log line that is written.' },
    ),
  },
  { additionalProperties: false },
)

export type ControllerSettings = Type.Static<typeof controllerSettings>
