using System.Globalization;
using System.Text;

namespace Cote.Testing;

// What the two wires look like.
public sealed partial class FakeModelServer
{
    abstract class Wire
    {
        public abstract string Begin(FakeRequest request, FakeReply reply);
        public abstract string Say(string text);
        public abstract string Think(string text);
        public abstract string Call(FakeReply.Step.Call call);
        public abstract string Raw(string data);
        public abstract string Error(string type, string message);
        public abstract string End(FakeRequest request, FakeReply reply);

        /// <summary>
        /// A JSON string in ASCII, half surrogate pairs and U+0000 as they are: serialisers refuse them.
        /// </summary>
        protected static string Quote(string text)
        {
            var json = new StringBuilder("\"");
            foreach (var c in text)
            {
                _ = c is < ' ' or > '~' or '"' or '\\'
                    ? json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}")
                    : json.Append(c);
            }
            return json.Append('"').ToString();
        }
    }

    sealed class OpenAIWire : Wire
    {
        public override string Begin(FakeRequest request, FakeReply reply) =>
            Chunk("""{"role":"assistant","content":""}""");

        public override string Say(string text) => Chunk($$"""{"content":{{Quote(text)}}}""");

        public override string Think(string text) => Chunk($$"""{"reasoning_content":{{Quote(text)}}}""");

        // In two pieces, as models write it.
        public override string Call(FakeReply.Step.Call call)
        {
            var half = call.Arguments.Length / 2;
            return Chunk($$$"""
                {"tool_calls":[{"index":{{{call.Index}}},"id":{{{Quote(call.Id)}}},"type":"function","function":{"name":{{{Quote(call.Name)}}},"arguments":{{{Quote(call.Arguments[..half])}}} }}]}
                """) + Chunk($$$"""
                {"tool_calls":[{"index":{{{call.Index}}},"function":{"arguments":{{{Quote(call.Arguments[half..])}}} }}]}
                """);
        }

        public override string Raw(string data) => $"data: {data}\n\n";

        public override string Error(string type, string message) =>
            Raw($$$"""{"error":{"type":{{{Quote(type)}}},"message":{{{Quote(message)}}},"code":null}}""");

        public override string End(FakeRequest request, FakeReply reply) =>
            (reply.FinishReason is { } reason ? Chunk("{}", Quote(reason)) : "")
            + (request.WantsUsage ? Usage(reply) : "")
            + Raw("[DONE]");

        string Usage(FakeReply reply) => Raw($$$"""
            {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"fake","choices":[],"usage":{"prompt_tokens":{{{reply.InputTokens}}},"completion_tokens":{{{reply.OutputTokens}}},"total_tokens":{{{reply.InputTokens + reply.OutputTokens}}} }}
            """);

        string Chunk(string delta, string finishReason = "null") => Raw($$"""
            {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"fake","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finishReason}}}],"usage":null}
            """);
    }

    sealed class AnthropicWire : Wire
    {
        public override string Begin(FakeRequest request, FakeReply reply) =>
            Event("message_start", $$$"""
                {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"fake","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":{{{reply.InputTokens}}},"output_tokens":1} }}
                """)
            + Event("content_block_start",
                """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""")
            + Event("ping", """{"type":"ping"}""");

        public override string Say(string text) => Raw(
            $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":{{{Quote(text)}}} }}""");

        public override string Think(string text) => Raw($$$"""
            {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":{{{Quote(text)}}} }}
            """);

        public override string Call(FakeReply.Step.Call call) => Event("content_block_start", $$$"""
            {"type":"content_block_start","index":{{{call.Index + 1}}},"content_block":{"type":"tool_use","id":{{{Quote(call.Id)}}},"name":{{{Quote(call.Name)}}},"input":{} }}
            """) + Event("content_block_delta", $$$"""
            {"type":"content_block_delta","index":{{{call.Index + 1}}},"delta":{"type":"input_json_delta","partial_json":{{{Quote(call.Arguments)}}} }}
            """) + Event("content_block_stop", $$$"""
            {"type":"content_block_stop","index":{{{call.Index + 1}}} }
            """);

        public override string Raw(string data) => Event("content_block_delta", data);

        public override string Error(string type, string message) => Event("error",
            $$$"""{"type":"error","error":{"type":{{{Quote(type)}}},"message":{{{Quote(message)}}} }}""");

        public override string End(FakeRequest request, FakeReply reply)
        {
            if (reply.FinishReason is null)
            {
                return "";
            }
            var reason = reply.FinishReason switch
            {
                "stop" => "end_turn",
                "length" => "max_tokens",
                "content_filter" => "refusal",
                "tool_calls" => "tool_use",
                var other => other,
            };
            return Event("content_block_stop", """{"type":"content_block_stop","index":0}""")
                + Event("message_delta", $$$"""
                    {"type":"message_delta","delta":{"stop_reason":{{{Quote(reason)}}},"stop_sequence":null},"usage":{"input_tokens":{{{reply.InputTokens}}},"output_tokens":{{{reply.OutputTokens}}} }}
                    """)
                + Event("message_stop", """{"type":"message_stop"}""");
        }

        static string Event(string type, string data) => $"event: {type}\ndata: {data}\n\n";
    }
}
