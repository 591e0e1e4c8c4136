import Graph from 'graphology'
import forceAtlas2 from 'graphology-layout-forceatlas2'
import type { LayoutTask } from './placement.ts'

/** Rounds of the layout between two pictures, and in all: the more nodes, the fewer. */
const ROUNDS = 30
const WORK = 150_000
const FEWEST = 60
const MOST = 600

/** Only those who made this worker can speak to it. */
self.onmessage = ({ data }: MessageEvent<LayoutTask>) => run(data)

/** Betters the places of a graph, and tells them now and then. Nodes that were placed before do not move. */
function run(task: LayoutTask): void {
  const graph = graphOf(task)
  const total = Math.min(MOST, Math.max(FEWEST, Math.round(WORK / (graph.order + graph.size / 4))))
  const settings = {
    ...forceAtlas2.inferSettings(graph),
    barnesHutOptimize: graph.order > 300,
    adjustSizes: graph.order <= 300,
    edgeWeightInfluence: 1,
    gravity: 0.6,
    scalingRatio: 12,
    slowDown: 4,
  }
  for (let done = 0; done < total; done += ROUNDS) {
    forceAtlas2.assign(graph, { iterations: ROUNDS, settings })
    tell(graph, done + ROUNDS >= total)
  }
}

function graphOf({ x, y, sizes, fixed, sources, targets, weights }: LayoutTask): Graph {
  const graph = new Graph({ type: 'undirected', multi: false })
  for (let node = 0; node < x.length; node++)
    graph.addNode(node, { x: x[node], y: y[node], size: sizes[node], fixed: fixed[node] === 1 })
  for (let edge = 0; edge < sources.length; edge++)
    graph.mergeEdge(sources[edge], targets[edge], { weight: weights[edge] })
  return graph
}

function tell(graph: Graph, isLast: boolean): void {
  const places = new Float64Array(graph.order * 2)
  graph.forEachNode((node, { x, y }) => {
    places[Number(node) * 2] = x
    places[Number(node) * 2 + 1] = y
  })
  postMessage({ places, isLast }, { transfer: [places.buffer] })
}
