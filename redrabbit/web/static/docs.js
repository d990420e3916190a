/* The API's pages, from the vendored swagger-ui; nothing is sent anywhere else. */
window.addEventListener("load", () => {
  SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger", deepLinking: true, validatorUrl: null });
});
