using System.Text.Json;
using Cote.Primitives;

namespace Cote.Tests.Primitives;

public sealed class RequestReaderTests
{
    [Fact]
    public void Nested_objects_and_lists_of_objects_are_read_and_their_errors_name_the_whole_path()
    {
        var request = Read("""
            {"outer":{"inner":{"name":"x"}},"parts":[{"type":"text","text":"a"},{"type":"sound"},7,{"items":[{"n":-1}]}],"password":{"a":1}}
            """);
        var inner = request.NestedObject("outer").NestedObject("inner");
        inner.Text("name", 1, 5).ShouldBe("x");
        inner.Text("missing", 1, 5).ShouldBe("");
        var types = new List<string>();
        foreach (var part in request.NestedObjects("parts", 10))
        {
            types.Add(part.Choice("type", "none", "text", "image"));
            foreach (var item in part.NestedObjects("items", 5))
                item.OptionalInteger("n", 0, 9);
        }
        request.OptionalNestedObject("absent").ShouldBeNull();

        types.ShouldBe(["text", "none", "none"]);
        Wrong(request).ShouldBe(
        [
            "body.outer.inner.missing missing", "body.parts.2 model_attributes_type", "body.parts.1.type literal_error",
            "body.parts.3.items.0.n greater_than_equal",
        ]);
        request.Problem!.Errors![1].Loc[2]!.GetValueKind().ShouldBe(JsonValueKind.Number);
    }

    [Fact]
    public void An_object_that_must_be_there_is_one_error_and_not_one_for_each_of_its_fields()
    {
        var request = Read("""{"wrong":"x","secret":{"password":"horse"},"password":["horse"]}""");

        request.NestedObject("none").Text("a", 1, 2).ShouldBe("");
        request.NestedObject("wrong").Text("a", 1, 2).ShouldBe("");
        request.NestedObjects("secret", 3).ShouldBeEmpty();
        request.NestedObject("password").Flag("a").ShouldBeFalse();

        Wrong(request).ShouldBe(
            ["body.none missing", "body.wrong model_attributes_type", "body.secret list_type",
                "body.password model_attributes_type"]);
        request.Problem!.Errors!.ShouldNotContain(x => x.Input != null && x.Input.ToJsonString().Contains("horse"));
    }

    [Fact]
    public void A_list_is_bounded_and_nothing_is_an_error_where_nothing_is_wrong()
    {
        var request = Read("""{"parts":[{},{},{}],"name":" x\u00a0"}""");

        request.NestedObjects("parts", 3).Count.ShouldBe(3);
        request.Text("name", 1, 1, TypedText.Trim).ShouldBe("x");
        request.Problem.ShouldBeNull();
        request.NestedObjects("parts", 2).ShouldBeEmpty();
        Wrong(request).ShouldBe(["body.parts too_long"]);
    }

    static RequestReader Read(string json) => new(JsonElement.Parse(json));

    static IEnumerable<string> Wrong(RequestReader request) =>
        request.Problem!.Errors!.Select(x => $"{string.Join('.', x.Loc.Select(y => y!.ToString()))} {x.Type}");
}
