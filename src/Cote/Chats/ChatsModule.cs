using Cote.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Chats;

static class ChatsModule
{
    public static void AddChats(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(ChatsApi.Describe));
        services.AddSingleton<ChatStore>().AddSingleton<MessageStore>().AddSingleton<Receipts>();
        services.AddSingleton<SearchStore>().AddSingleton<SearchIndex>().AddSingleton<SearchPages>();
        services.AddHostedService<ReceiptLoop>();
        services.AddHostedService<SearchLoop>();
        services.AddSingleton<PurgeDeletedLoop>().AddHostedService(x => x.GetRequiredService<PurgeDeletedLoop>());
    }

    public static void MapChats(this IEndpointRouteBuilder routes)
    {
        var chats = routes.MapGroup("").RequireAuthorization().WithTags("Chats");
        chats.MapGet("/chats/", ListChats.Handle).Produces<IReadOnlyList<Chat>>()
            .WithSummary("All chats, newest activity first");
        chats.MapPost("/chats/", CreateChat.Handle).Takes<NewChat>("application/json").Produces<Chat>()
            .WithSummary("A new chat; with an id, safe to repeat");
        chats.MapGet("/chats/{chatId}", GetChat.Handle).Produces<Chat>()
            .WithSummary("One chat");
        chats.MapPatch("/chats/{chatId}", UpdateChat.Handle).Takes<ChatPatch>("application/json").Produces<Chat>()
            .WithSummary("Change the fields that are named; null goes back to the default");
        chats.MapGet("/search", SearchChats.Handle).RequireRateLimit(Limit.Search).Produces<IReadOnlyList<SearchHit>>()
            .WithSummary("Texts and titles in which all words occur, newest first");
        var messages = routes.MapGroup("/chats/{chatId}/messages").RequireAuthorization().WithTags("Messages");
        messages.MapGet("/", ListMessages.Handle).Produces<IReadOnlyList<Message>>()
            .WithSummary("The newest page of messages, ascending; or those after a seq");
        messages.MapGet("/{messageId}", GetMessage.Handle).Produces<Message>()
            .WithSummary("One message, also one that is not listed yet");
    }
}
