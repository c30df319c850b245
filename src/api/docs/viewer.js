'use strict';

const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

SwaggerUIBundle({
  dom_id: '#viewer',
  url: '/openapi.json',
  deepLinking: true,
  // Its default sends the document to a server of the viewer's makers.
  validatorUrl: null,
  // A token stays on this page, and is gone when it is closed.
  persistAuthorization: false,
});
