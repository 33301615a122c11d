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
        services.AddSingleton<ProblemShape, OpenAIErrors>();
        services.AddSingleton<OpenAITurn>();
        services.AddUIStream();
    }

    public static void MapDialects(this IEndpointRouteBuilder routes)
    {
        var v1 = routes.MapGroup(OpenAIErrors.Path).RequireAuthorization().WithTags("OpenAI");
        v1.MapGet("/models", ListOpenAIModels.Handle).Produces<OpenAIModels>()
            .WithSummary("The models, in OpenAI's form");
        v1.MapGet("/models/{**modelId}", GetOpenAIModel.Handle).Produces<OpenAIModel>()
            .WithSummary("A model, in OpenAI's form");
        v1.MapPost("/chat/completions", CreateChatCompletion.Handle).Produces<object>()
            .WithSummary("An answer of a model to the messages of the body, or a turn in a chat");
        v1.MapPost("/responses", CreateResponse.Handle).Produces<object>()
            .WithSummary("An answer of a model to the input of the body, or a turn in a chat");
        routes.MapUIStream();
    }
}
