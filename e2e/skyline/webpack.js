// Builds Skyline's console without making it smaller, which takes most of the time.
const production = require('./webpack.prod.js');

module.exports = (env) => {
  const config = production(env);
  config.optimization.minimize = false;
  return config;
};
