#!/usr/bin/env node
// `npx weft` from a clone: runs the command line on Node 24, whichever Node started this.

import { launch } from './setup/launch.js'

launch(['src/cli/main.ts', ...process.argv.slice(2)])
