// The floors of the house: what a room may import. Checked by dependency-cruiser in `npm run check`.
// A room may use itself and every room listed for it, nothing else of src.

const ground = ['errors', 'clock', 'files', 'bucket', 'http']
const values = [...ground, 'keys', 'address']
const pure = [...values, 'model']

const rooms = {
  keys: ground,
  address: ground,
  model: values,
  topology: [...pure, 'wireguard'],
  protocol: pure,
  wireguard: pure,
  log: pure,
  controller: [...pure, 'topology', 'protocol', 'log', 'settings'],
  agent: [...pure, 'topology', 'protocol', 'wireguard', 'settings'],
  api: [...pure, 'topology', 'protocol', 'log', 'controller', 'settings'],
  lab: [...ground, 'wireguard'],
  client: [],
}

const file = (room) => `^src/${room}(/|\\.ts$)`

const floors = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-uses-only-its-floors`,
  severity: 'error',
  from: { path: file(room) },
  to: { path: '^src/', pathNot: [file(room), ...allowed.map(file)] },
}))

const wireguardPure =
  'src/wireguard/(device|dump|interface|commands|diff|plan|endpoint|memory|simulated)\\.ts$'

module.exports = {
  forbidden: [
    ...floors,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'only-wireguard-and-lab-run-programs',
      comment:
        'execa and child_process live in one place, src/wireguard/run.ts; the lab starts nodes of its own.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(wireguard/run|lab/[a-z]+|cli/up)\\.ts$' },
      to: { path: '(^|/)(execa|child_process)' },
    },
    {
      name: 'pure-rooms-do-no-io',
      severity: 'error',
      from: { path: [`^src/(address|model|topology)/`, wireguardPure] },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|assert)$' },
    },
    {
      name: 'console-is-separate',
      severity: 'error',
      from: { path: '^src/(?!console)' },
      to: { path: '^src/console/' },
    },
    {
      name: 'console-knows-the-client-only',
      comment:
        'What runs in the browser is its own, and the client that is generated from the OpenAPI document.',
      severity: 'error',
      from: { path: '^src/console/' },
      to: { path: '^src/(?!console/)', pathNot: '^src/client/' },
    },
    {
      name: 'client-runs-anywhere',
      comment: 'The command line and the browser share it.',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'] },
    },
    {
      name: 'commands-speak-through-the-client',
      comment:
        'Types of what REST takes and answers come from the document; the graph is drawn by the same functions.',
      severity: 'error',
      from: { path: '^src/cli/' },
      // What `weft apply` reads has a schema, which is printed for editors.
      to: { path: '^src/api/schemas/', pathNot: '^src/api/schemas/apply\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.json'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
