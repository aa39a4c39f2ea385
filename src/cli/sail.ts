#!/usr/bin/env node
// The command `sail`. Everything is loaded when it is needed: `sail --help` reads neither model code nor image code.
import { main } from './main.ts'

await main(process.argv.slice(2))
