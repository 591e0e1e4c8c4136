import Type from 'typebox'

/** Everything an agent can be told. Defaults are the documented ones of config/agent.yaml. */
export const agentSettings = Type.Object(
  {
    join: Type.String({
      default: '',
      description: 'Join token; needed once. Later starts use what was learned from it.',
    }),
    stateDir: Type.String({
      default: '',
      description:
        'Directory for identity, pinned controller and last good plan. Empty: /var/lib/weft/agent as root, else ~/.local/state/weft/agent.',
    }),
    identity: Type.String({
      default: '',
      description:
        'The identity seed, 43 characters of base64url; best given as WEFT_IDENTITY. Empty: the systemd credential weft-identity, else identityFile.',
    }),
    identityFile: Type.String({
      default: '',
      description: 'File with the identity seed; made at first start. Empty: identity.seed in stateDir.',
    }),
    name: Type.String({
      default: '',
      description: 'Name to enrol under. Empty: the host name.',
    }),
    device: Type.Union(
      [Type.Literal('auto'), Type.Literal('kernel'), Type.Literal('userspace'), Type.Literal('memory')],
      {
        default: 'auto',
        description:
          'Which WireGuard: auto prefers the kernel and falls back to wireguard-go; memory carries no packets and is for simulation.',
      },
    ),
    listenPort: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 0,
      description:
        'First UDP port to try; each further network takes the next free one. 0: one of 51820 to 60011 that follows from the identity, so that machines behind the same address translation hardly ever share one.',
    }),
    reportSeconds: Type.Number({
      minimum: 0.1,
      maximum: 3_600,
      default: 15,
      description: 'Seconds between two looks at the interfaces, which find drift and report handshakes.',
    }),
    ephemeral: Type.Boolean({
      default: false,
      description: 'Write nothing, and remove all interfaces at the end.',
    }),
    insecurePlainWebsocket: Type.Boolean({
      default: false,
      description: 'Connect without TLS, to a controller that is told the same.',
    }),
    logLevel: Type.Union(
      [Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')],
      { default: 'info', description: 'The least grave log line that is written.' },
    ),
  },
  { additionalProperties: false },
)

export type AgentSettings = Type.Static<typeof agentSettings>
