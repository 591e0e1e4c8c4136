#!/usr/bin/env node
// `npx weft` from a clone: runs the command line on Node 24, whichever Node started this.

import { launch } from './setup/launch.js'
import { programFile } from './setup/program.js'

launch([programFile(), ...process.argv.slice(2)])
