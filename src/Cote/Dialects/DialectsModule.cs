using Cote.Dialects.OpenAI;
using Cote.Dialects.UIStream;
using Cote.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Dialects;

static class DialectsModule
{
    public static void AddDialects(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(OpenAIApi.Describe));
        services.AddSingleton<ProblemShape, OpenAIErrors>();
        services.AddTurns();
        services.AddSingleton<Gateway>().AddSingleton<GatewaySlots>().AddSingleton<RelayedFields>()
            .AddSingleton<RunningRequests>();
        services.AddSingleton<RepeatedRequests>().AddSingleton<RepeatedCalls>();
        services.AddHostedService<RepeatedCallLoop>();
        services.AddUIStream();
    }

    public static void MapDialects(this IEndpointRouteBuilder routes)
    {
        var v1 = routes.MapGroup(OpenAIErrors.Path).RequireAuthorization().WithTags("OpenAI")
            .AllowsKeys(KeyScopes.V1);
        v1.MapGet("/models", ListOpenAIModels.Handle).Produces<OpenAIModels>()
            .WithSummary("The models, in OpenAI's form");
        v1.MapGet("/models/{**modelId}", GetOpenAIModel.Handle).Produces<OpenAIModel>()
            .WithSummary("A model, in OpenAI's form");
        v1.MapPost("/chat/completions", CreateChatCompletion.Handle).RequireRateLimit(Limit.Messages).Produces<object>()
            .WithSummary("An answer of a model to the messages of the body, or a turn in a chat");
        v1.MapPost("/responses", CreateResponse.Handle).RequireRateLimit(Limit.Messages).Produces<object>()
            .AllowsKeys(KeyScopes.V1, KeyScopes.Read, KeyScopes.Write)
            .WithSummary("An answer of a model to the input of the body, or a turn in a chat");
        v1.MapTurns();
        v1.MapPost("/embeddings", CreateEmbedding.Handle).RequireRateLimit(Limit.Messages).Produces<object>()
            .WithSummary("Vectors of texts");
        v1.MapPost("/audio/transcriptions", CreateTranscription.Handle).RequireRateLimit(Limit.Messages)
            .Produces<object>().WithSummary("What is said in a recording");
        routes.MapUIStream();
    }
}
