// Starts Swagger UI on the description of this platform, which is served beside it.
window.ui = SwaggerUIBundle({ url: "/openapi.json", dom_id: "#ui", deepLinking: true, validatorUrl: null });
