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
        var response = v1.MapGroup("/responses/{responseId}");
        response.MapGet("", GetResponse.Handle).Produces<object>()
            .WithSummary("A response as it is now, or its events");
        response.MapDelete("", DeleteResponse.Handle).Produces<object>().WithSummary("Delete a response");
        response.MapPost("/cancel", CancelResponse.Handle).Produces<object>().WithSummary("Stop a response");
        response.MapGet("/input_items", ListInputItems.Handle).Produces<object>()
            .WithSummary("What a response answers");
        v1.MapPost("/conversations", CreateConversation.Handle).Produces<object>()
            .WithSummary("Create an empty conversation: a chat in the archive");
        var conversation = v1.MapGroup("/conversations/{conversationId}");
        conversation.MapGet("", GetConversation.Handle).Produces<object>().WithSummary("A chat as a conversation");
        conversation.MapPost("", UpdateConversation.Handle).Produces<object>()
            .WithSummary("Replace the metadata of a conversation");
        conversation.MapDelete("", DeleteConversation.Handle).Produces<object>()
            .WithSummary("Delete a conversation: the chat");
        conversation.MapGet("/items", ListConversationItems.Handle).Produces<object>()
            .WithSummary("What was said in a conversation");
        conversation.MapGet("/items/{itemId}", GetConversationItem.Handle).Produces<object>()
            .WithSummary("One item of a conversation");
        conversation.MapDelete("/items/{itemId}", DeleteConversationItem.Handle).Produces<object>()
            .WithSummary("Delete the message that an item is of");
    }
}
