import Type from 'typebox'

/** Everything a controller can be told. Defaults are the documented ones of config/controller.yaml. */
export const controllerSettings = Type.Object(
  {
    dataDir: Type.String({
      default: '',
      description:
        'Directory of the log. Empty: /var/lib/weft/controller as root, else ~/.local/state/weft/controller.',
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
    wrappingKeyFile: Type.String({
      default: '',
      description:
        'File with the 32-byte key (base64url) that encrypts secrets in the log; made at first start. Empty: the systemd credential weft-wrapping-key, else wrapping.key in dataDir. Keep it out of backups of the log.',
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
        'The first change of a network is pushed at once; those that follow within this time go together.',
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
