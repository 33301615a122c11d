using System.Text.Json.Serialization;
using Cote.Chats;
using Cote.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Replies;

static class RepliesModule
{
    public static void AddReplies(this IServiceCollection services)
    {
        services.AddSingleton<OpenReplies>();
        services.AddSingleton(new ApiPart(RepliesApi.Describe));
        services.AddSingleton(LeaseOptions.Default).AddSingleton<TurnEvents>();
        services.AddSingleton<ReplyLeases>().AddSingleton<ReplyStore>().AddSingleton<TurnStore>()
            .AddSingleton<ReplyCalls>().AddSingleton<SendBudget>();
        services.AddSingleton<ReplyScheduler>().AddSingleton<RunningReplies>().AddSingleton<StreamingReplies>();
        services.AddSingleton<TurnStart>().AddSingleton<SendMessage>().AddSingleton<Regenerate>()
            .AddSingleton<StopReplies>().AddSingleton<MarkRead>().AddSingleton<DeleteChat>();
        services.AddSingleton<TitleModel>().AddSingleton<TitleStore>().AddHostedService<TitleLoop>();
        services.AddSingleton<ChatJobLoop>().AddHostedService(x => x.GetRequiredService<ChatJobLoop>());
        services.AddHostedService<TemporaryChatLoop>();
        services.AddSingleton<TranscriptCalls>().AddSingleton<Transcripts>();
        services.AddSingleton<Attachments>().AddSingleton<GeneratedFiles>();
        services.AddSingleton<RemoveMessage>();
        services.AddSingleton<ToolCallStore>().AddSingleton<ToolAnswerStore>().AddSingleton<ToolAnswers>()
            .AddSingleton<ToolOutputs>();
        services.AddHostedService<WaitingReplyLoop>();
        services.AddSingleton<Prompt>().AddSingleton<ReplyRunContext>();
        services.AddSingleton<LeaseLoop>().AddHostedService(x => x.GetRequiredService<LeaseLoop>());
        services.AddHostedService<ReplyLoop>();
        services.AddSingleton<IdleReplyLoop>().AddHostedService(x => x.GetRequiredService<IdleReplyLoop>());
        services.AddHostedService<ReplyGaugeLoop>();
        services.AddSingleton<LostCallStore>().AddHostedService<LostCallLoop>();
    }

    public static void MapReplies(this IEndpointRouteBuilder routes)
    {
        var chats = routes.MapGroup("/chats/{chatId}").RequireAuthorization().WithTags("Messages");
        chats.MapDelete("/messages/{messageId}", DeleteMessage.Handle)
            .AllowsKeys(KeyScopes.Write).Produces<SuccessBody>()
            .WithSummary("Delete a message; a question takes its reply with it");
        chats.MapPut("/messages/{messageId}/read", MarkRead.Handle).AllowsKeys(KeyScopes.Write).Produces<SuccessBody>()
            .WithSummary("The client has shown this reply");
        chats.MapPost("/stop", StopReplies.Handle).AllowsKeys(KeyScopes.Write).Produces<StopResult>()
            .WithSummary("Stop the running reply and those that wait");
        chats.MapDelete("", DeleteChat.Handle).AllowsKeys(KeyScopes.Write).Produces<SuccessBody>().WithTags("Chats")
            .WithSummary("Delete a chat with all that is in it");
        chats.MapPost("/messages/{messageId}/tool_calls/{callId}", AnswerToolCall.Handle)
            .ChecksKeys(KeyScopes.Approve, KeyScopes.Write)
            .Takes<ToolAnswerBody>("application/json").Produces<Message>()
            .WithSummary("Allow or deny a tool call, or say what the client's tool returned; safe to repeat");
        chats.MapPost("/messages/{messageId}/tool_calls/{callId}/claim", ClaimToolCall.Handle)
            .AllowsKeys(KeyScopes.Write)
            .Takes<ClaimBody>("application/json").Produces<SuccessBody>()
            .WithSummary("Execute a client's tool call in the place of the installation that sent the tool");
        var all = routes.MapGroup("/chats").RequireAuthorization().WithTags("Chats");
        all.MapDelete("/", DeleteChats.Handle).AllowsKeys(KeyScopes.Write).Produces<SuccessBody>(202)
            .WithSummary("Delete all archived chats, or all others, in the background");
        all.MapPost("/archive", ArchiveChats.Handle).AllowsKeys(KeyScopes.Write).Produces<SuccessBody>(202)
            .WithSummary("Archive all chats, in the background");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StopResult))]
sealed partial class RepliesJson : JsonSerializerContext;
