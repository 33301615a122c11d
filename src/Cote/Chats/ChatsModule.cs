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
        services.AddSingleton<TreeStore>().AddSingleton<DeletionStore>().AddSingleton<PastStore>();
        services.AddHostedService<ReceiptLoop>();
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
        chats.MapPut("/chats/{chatId}/leaf", SwitchLeaf.Handle).RequireRateLimit(Limit.Switches)
            .Takes<LeafBody>("application/json").Produces<Chat>()
            .WithSummary("Make the path through a message the active one, on every device");
        var messages = routes.MapGroup("/chats/{chatId}/messages").RequireAuthorization().WithTags("Messages");
        messages.MapGet("/", ListMessages.Handle).Produces<IReadOnlyList<Message>>()
            .WithSummary("The newest page of messages, ascending; or those after a seq");
        messages.MapGet("/{messageId}", GetMessage.Handle).Produces<Message>()
            .WithSummary("One message of any branch, also one that is not listed yet");
        messages.MapGet("/{messageId}/siblings", ListSiblings.Handle).Produces<IReadOnlyList<Message>>()
            .WithSummary("The versions of a message, itself and open ones included");
    }
}
