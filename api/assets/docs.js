// Shows the API's description. Everything comes from this origin, and a token that someone types in is
// kept in this page's memory only.
"use strict";

addEventListener("load", () => {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    persistAuthorization: false,
    validatorUrl: null,
  });
});
