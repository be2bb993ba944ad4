// `npm start`: `runfleet dev`.
process.argv.splice(2, 0, 'dev');
await import('./runfleet.mjs');
