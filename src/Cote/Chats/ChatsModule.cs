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
        services.AddSingleton<ChatStore>().AddSingleton<MessageStore>().AddSingleton<TreeStore>()
            .AddSingleton<DeletionStore>().AddSingleton<ForkStore>().AddSingleton<FeedbackStore>()
            .AddSingleton<ChatJobStore>().AddSingleton<PastStore>().AddSingleton<Receipts>();
        services.AddSingleton<ChatExportStores>();
        services.AddSharing();
        services.AddSingleton<SearchStore>().AddSingleton<SearchIndex>().AddSingleton<SearchPages>();
        services.AddHostedService<ReceiptLoop>();
        services.AddHostedService<SearchLoop>();
        services.AddSingleton<PurgeDeletedLoop>().AddHostedService(x => x.GetRequiredService<PurgeDeletedLoop>());
    }

    /// <summary>Imports: the stores, and what runs them.</summary>
    public static void AddImport(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(ImportApi.Describe));
        services.AddSingleton(ImportLease.Default);
        services.AddSingleton<ImportStore>().AddSingleton<ImportedChatStore>().AddSingleton<ImportedMedia>();
        services.AddSingleton<Importer>().AddSingleton<ImportUpload>().AddSingleton<RunningImports>();
        services.AddSingleton<ImportLoop>().AddHostedService(x => x.GetRequiredService<ImportLoop>());
    }

    public static void MapChats(this IEndpointRouteBuilder routes)
    {
        routes.MapSharing();
        var chats = routes.MapGroup("").RequireAuthorization().WithTags("Chats");
        chats.MapGet("/chats/", ListChats.Handle).AllowsKeys(KeyScopes.Read).Produces<IReadOnlyList<Chat>>()
            .WithSummary("The chats that are not archived, or the archived ones; newest activity first");
        chats.MapPost("/chats/", CreateChat.Handle)
            .AllowsKeys(KeyScopes.Write).Takes<NewChat>("application/json").Produces<Chat>()
            .WithSummary("A new chat; with an id, safe to repeat");
        chats.MapGet("/chats/{chatId}", GetChat.Handle).AllowsKeys(KeyScopes.Read).Produces<Chat>()
            .WithSummary("One chat");
        chats.MapPatch("/chats/{chatId}", UpdateChat.Handle)
            .AllowsKeys(KeyScopes.Write).Takes<ChatPatch>("application/json").Produces<Chat>()
            .WithSummary("Change the fields that are named; null goes back to the default");
        chats.MapPost("/chats/{chatId}/fork", ForkChat.Handle)
            .AllowsKeys(KeyScopes.Write).RequireRateLimit(Limit.Switches)
            .Takes<ForkBody>("application/json").Produces<Chat>()
            .WithSummary("A new chat with copies of a path of this one; with an id, safe to repeat");
        chats.MapPut("/chats/{chatId}/leaf", SwitchLeaf.Handle)
            .AllowsKeys(KeyScopes.Write).RequireRateLimit(Limit.Switches)
            .Takes<LeafBody>("application/json").Produces<Chat>()
            .WithSummary("Make the path through a message the active one, on every device");
        chats.MapGet("/chats/{chatId}/export", ExportChat.Handle)
            .AllowsKeys(KeyScopes.Read).Produces(200, contentType: "application/json")
            .WithSummary("A chat as a file: every branch as JSON, or the shown path as Markdown");
        chats.MapPost("/import", ImportChats.Handle)
            .AllowsKeys(KeyScopes.Write).Takes<ImportForm>("multipart/form-data")
            .Produces<ImportReport>().Produces<AcceptedImport>(202)
            .WithSummary("Import the chats of an export: Cote's, ChatGPT's, Open WebUI's or LibreChat's");
        chats.MapGet("/import/{importId}", GetImport.Handle).AllowsKeys(KeyScopes.Read).Produces<ImportStatus>()
            .WithSummary("How far an import in the background has come");
        chats.MapGet("/search", SearchChats.Handle)
            .AllowsKeys(KeyScopes.Read).RequireRateLimit(Limit.Search).Produces<IReadOnlyList<SearchHit>>()
            .WithSummary("Texts and titles in which all words occur, newest first");
        var messages = routes.MapGroup("/chats/{chatId}/messages").RequireAuthorization().WithTags("Messages");
        messages.MapGet("/", ListMessages.Handle).AllowsKeys(KeyScopes.Read).Produces<IReadOnlyList<Message>>()
            .WithSummary("The newest page of messages, ascending; or those after a seq");
        messages.MapGet("/{messageId}", GetMessage.Handle).AllowsKeys(KeyScopes.Read).Produces<Message>()
            .WithSummary("One message of any branch, also one that is not listed yet");
        messages.MapPut("/{messageId}/feedback", RateReply.Handle)
            .AllowsKeys(KeyScopes.Write).Takes<FeedbackBody>("application/json")
            .Produces<Message>()
            .WithSummary("What the user thinks of a reply; null takes it back");
        messages.MapGet("/{messageId}/siblings", ListSiblings.Handle)
            .AllowsKeys(KeyScopes.Read).Produces<IReadOnlyList<Message>>()
            .WithSummary("The versions of a message, itself and open ones included");
    }
}
