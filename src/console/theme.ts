import type { Tone } from './graph/drawing.ts'
import { Store } from './store.ts'

export type Theme = 'light' | 'dark'

const KEY = 'weft.theme'
const system = matchMedia('(prefers-color-scheme: dark)')

export const theme = new Store<Theme>(current())

system.addEventListener('change', () => theme.set(current()))
theme.subscribe(mark)
mark()

export function toggleTheme(): void {
  const other = theme.value === 'dark' ? 'light' : 'dark'
  localStorage.setItem(KEY, other)
  theme.set(other)
}

/** What the canvas is painted with; the rest of the page has the same in styles.css. */
export interface Palette {
  readonly tones: Readonly<Record<Tone, string>>
  readonly text: string
  readonly halo: string
  readonly ground: string
  readonly ring: string
  /** For what is not in question: things stay where they are, and keep quiet. */
  readonly fadedNode: string
  readonly fadedEdge: string
}

export function paletteOf(of: Theme): Palette {
  return of === 'dark' ? DARK : LIGHT
}

const DARK: Palette = {
  tones: {
    lan: '#2dd4bf',
    direct: '#60a5fa',
    punched: '#b794f6',
    relayed: '#fbbf24',
    none: '#8a9aa0',
    stale: '#fb923c',
    down: '#f87171',
    pending: '#8a9aa0',
    applied: '#d7e3e6',
    offline: '#5d6d73',
    refused: '#f87171',
    group: '#9fc7c2',
    outside: '#8a9aa0',
    added: '#4ade80',
    removed: '#f87171',
    same: '#56666c',
    forbidden: '#e879f9',
    carried: '#6b7d84',
  },
  text: '#e6ecee',
  halo: '#0e1416',
  ground: '#0e1416',
  ring: '#ffffff',
  fadedNode: '#2a363b',
  fadedEdge: '#233036',
}

const LIGHT: Palette = {
  tones: {
    lan: '#0d9488',
    direct: '#2563eb',
    punched: '#7c3aed',
    relayed: '#b45309',
    none: '#6b7a7e',
    stale: '#c2410c',
    down: '#c81e1e',
    pending: '#6b7a7e',
    applied: '#24403d',
    offline: '#a3b1b4',
    refused: '#c81e1e',
    group: '#3f7d76',
    outside: '#6b7a7e',
    added: '#15803d',
    removed: '#c81e1e',
    same: '#b4c0c2',
    forbidden: '#a21caf',
    carried: '#93a3a7',
  },
  text: '#16211f',
  halo: '#ffffff',
  ground: '#fbfcfc',
  ring: '#0b1413',
  fadedNode: '#dde4e5',
  fadedEdge: '#d5dee0',
}

function current(): Theme {
  const chosen = localStorage.getItem(KEY)
  if (chosen === 'light' || chosen === 'dark') return chosen
  return system.matches ? 'dark' : 'light'
}

function mark(): void {
  document.documentElement.dataset.theme = theme.value
}
