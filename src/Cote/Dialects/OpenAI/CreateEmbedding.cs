using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary><c>POST /v1/embeddings</c>: always the gateway's.</summary>
static class CreateEmbedding
{
    public static async Task Handle(HttpContext http, CurrentUser user, Gateway gateway, HttpOptions options)
    {
        if (await OpenAIBody.ReadLongAsync(http, options) is { } body)
            await gateway.AnswerAsync(http, user, GatewayRoute.Embeddings, body);
    }
}
