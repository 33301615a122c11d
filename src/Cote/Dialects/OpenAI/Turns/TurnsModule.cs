using Cote.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Dialects.OpenAI;

/// <summary>The turns of OpenAI's dialect: responses and conversations.</summary>
static class TurnsModule
{
    public static void AddTurns(this IServiceCollection services)
    {
        services.AddSingleton<OpenAITurn>().AddSingleton<OpenAITurnStore>();
        services.AddSingleton<TurnChats>().AddSingleton<TurnUploads>().AddSingleton<TurnAnswers>();
        services.AddSingleton<ResponseFollower>().AddSingleton<CompletionFollower>();
        services.AddSingleton<ConversationItems>();
    }

    /// <summary>Maps the routes.</summary>
    /// <param name="v1">The group of <c>/v1</c>.</param>
    public static void MapTurns(this IEndpointRouteBuilder v1)
    {
        var responses = v1.MapGroup("/responses/{responseId}");
        var toRead = responses.MapGroup("").AllowsKeys(KeyScopes.V1, KeyScopes.Read);
        toRead.MapGet("", GetResponse.Handle).Produces<object>()
            .WithSummary("A response as it is now, or its events");
        toRead.MapGet("/input_items", ListInputItems.Handle).Produces<object>()
            .WithSummary("What a response answers");
        var toChange = responses.MapGroup("").AllowsKeys(KeyScopes.V1, KeyScopes.Read, KeyScopes.Write);
        toChange.MapDelete("", DeleteResponse.Handle).Produces<object>().WithSummary("Delete a response");
        toChange.MapPost("/cancel", CancelResponse.Handle).Produces<object>().WithSummary("Stop a response");
        MapConversations(v1.MapGroup("/conversations"));
    }

    static void MapConversations(RouteGroupBuilder conversations)
    {
        var toRead = conversations.MapGroup("/{conversationId}").AllowsKeys(KeyScopes.V1, KeyScopes.Read);
        toRead.MapGet("", GetConversation.Handle).Produces<object>().WithSummary("A chat as a conversation");
        toRead.MapGet("/items", ListConversationItems.Handle).Produces<object>()
            .WithSummary("What was said in a conversation");
        toRead.MapGet("/items/{itemId}", GetConversationItem.Handle).Produces<object>()
            .WithSummary("One item of a conversation");
        var toChange = conversations.MapGroup("").AllowsKeys(KeyScopes.V1, KeyScopes.Read, KeyScopes.Write);
        toChange.MapPost("", CreateConversation.Handle).Produces<object>()
            .WithSummary("Create an empty conversation: a chat in the archive");
        toChange.MapPost("/{conversationId}", UpdateConversation.Handle).Produces<object>()
            .WithSummary("Replace the metadata of a conversation");
        toChange.MapDelete("/{conversationId}", DeleteConversation.Handle).Produces<object>()
            .WithSummary("Delete a conversation: the chat");
        toChange.MapDelete("/{conversationId}/items/{itemId}", DeleteConversationItem.Handle).Produces<object>()
            .WithSummary("Delete the message that an item is of");
    }
}
