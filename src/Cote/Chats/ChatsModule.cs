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
        services.AddSingleton<ChatExportStores>();
        services.AddHostedService<ReceiptLoop>();
        services.AddSingleton<PurgeDeletedLoop>().AddHostedService(x => x.GetRequiredService<PurgeDeletedLoop>());
    }

    /// <summary>Imports: the stores, and what runs them.</summary>
    public static void AddImport(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(ImportApi.Describe));
        services.AddSingleton<ImportStore>().AddSingleton<ImportedChatStore>().AddSingleton<ImportedMedia>();
        services.AddSingleton<Importer>().AddSingleton<ImportUpload>().AddSingleton<RunningImports>();
        services.AddSingleton<ImportLoop>().AddHostedService(x => x.GetRequiredService<ImportLoop>());
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
        chats.MapGet("/chats/{chatId}/export", ExportChat.Handle).Produces(200, contentType: "application/json")
            .WithSummary("A chat as a file: every branch as JSON, or the shown path as Markdown");
        chats.MapPost("/import", ImportChats.Handle).Takes<ImportForm>("multipart/form-data")
            .Produces<ImportReport>().Produces<AcceptedImport>(202)
            .WithSummary("Import the chats of an export: Cote's, ChatGPT's, Open WebUI's or LibreChat's");
        chats.MapGet("/import/{importId}", GetImport.Handle).Produces<ImportStatus>()
            .WithSummary("How far an import in the background has come");
        var messages = routes.MapGroup("/chats/{chatId}/messages").RequireAuthorization().WithTags("Messages");
        messages.MapGet("/", ListMessages.Handle).Produces<IReadOnlyList<Message>>()
            .WithSummary("The newest page of messages, ascending; or those after a seq");
        messages.MapGet("/{messageId}", GetMessage.Handle).Produces<Message>()
            .WithSummary("One message, also one that is not listed yet");
    }
}
