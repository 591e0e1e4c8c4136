import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Controller } from '../../controller/controller.ts'
import { pastGraph } from '../../controller/graph/past.ts'
import { findMember } from '../../controller/lookup.ts'
import { authorise } from '../access/authorise.ts'
import type { App } from '../instance.ts'
import { idOrName, refTo } from '../schemas/common.ts'
import { GRAPH_FORMATS, Graph, GraphQuery } from '../schemas/graph.ts'
import { answers } from '../schemas/problem.ts'
import { toDot } from '../views/formats/dot.ts'
import { toGraphml } from '../views/formats/graphml.ts'
import { toMermaid } from '../views/formats/mermaid.ts'
import { graphView } from '../views/graph.ts'

type Format = (typeof GRAPH_FORMATS)[number]

const TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  dot: 'text/vnd.graphviz',
  mermaid: 'text/vnd.mermaid',
  graphml: 'application/graphml+xml',
}
const WRITERS = { dot: toDot, mermaid: toMermaid, graphml: toGraphml }

const text = { schema: Type.String() }
const good = {
  description: Graph.description,
  content: {
    [TYPES.json]: { schema: refTo(Graph) },
    [TYPES.dot]: text,
    [TYPES.mermaid]: text,
    [TYPES.graphml]: text,
  },
}

/** Who reaches whom in a network, over what path, and why; now, or at a revision of the past. */
export function graphRoutes(app: App, controller: Controller): void {
  const schema = {
    operationId: 'showGraph',
    summary: 'The peer graph: what is wanted, and what was observed.',
    tags: ['networks'],
    params: Type.Object({ network: idOrName('network', 'demo') }),
    querystring: GraphQuery,
    response: answers({ 200: good }, 404),
  }
  app.get('/v1/networks/:network/graph', { schema }, async (request, reply) => {
    const { brief = false, members = true } = request.query
    const graph = graphView(await graphOf(controller, request), { brief, members })
    return answer(reply, graph, request.query.format ?? formatOf(request))
  })
}

function graphOf(controller: Controller, request: FastifyRequest & { readonly query: GraphQuery }) {
  const { revision, links, node, by, within: given, apart, brief } = request.query
  const { state } = controller
  const { project, network } = authorise(state, request, controller.now())
  if (revision !== undefined && revision !== network.revision)
    return pastGraph(controller.history, network.id, revision, { links, apart })
  const of = node === undefined ? undefined : findMember(state, project, network.id, node).node
  const within = typeof given === 'string' ? [given] : given
  return controller.status.graph(network, { links, of, by, within, apart, brief })
}

function answer(reply: FastifyReply, graph: Graph, format: Format) {
  if (format === 'json') return graph
  return reply.type(`${TYPES[format]}; charset=utf-8`).serializer(String).send(WRITERS[format](graph))
}

/** The first known type of `Accept`; JSON if there is none. */
function formatOf({ headers }: FastifyRequest): Format {
  const wanted = (headers.accept ?? '').split(',').map((part) => part.split(';')[0]?.trim())
  const known = wanted.map((type) => GRAPH_FORMATS.find((format) => TYPES[format] === type))
  return known.find((format) => format !== undefined) ?? 'json'
}
