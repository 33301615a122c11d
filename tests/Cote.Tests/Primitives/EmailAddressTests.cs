using Cote.Primitives;

namespace Cote.Tests.Primitives;

public sealed class EmailAddressTests
{
    [Theory]
    [InlineData("ada@example.com", "ada@example.com")]
    [InlineData("Ada@Example.com", "Ada@Example.com")]
    [InlineData(" ada@example.com\u00a0", "ada@example.com")]
    [InlineData("\u200fada@example.com\u200e", "ada@example.com")]
    [InlineData("ada@Bücher.example", "ada@xn--bcher-kva.example")]
    [InlineData("ada@BÜCHER.EXAMPLE", "ada@xn--bcher-kva.example")]
    [InlineData("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example")]
    [InlineData("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example")]
    [InlineData("ada＠example.com", null)]
    [InlineData("ada@ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com")]
    [InlineData("ada@例え。jp", "ada@xn--r8jz45g.jp")]
    [InlineData("a+b_c@a-b.co.uk", "a+b_c@a-b.co.uk")]
    [InlineData("ada@a.a.….!", null)]
    [InlineData("ada@a_b.example", null)]
    [InlineData("ada@-a.example", null)]
    [InlineData("ada@a-.example", null)]
    [InlineData("ada@a..example", null)]
    [InlineData("ada@example", null)]
    [InlineData("ada@127.0.0.1", null)]
    [InlineData("ada@[127.0.0.1]", null)]
    [InlineData("a\u202eda@example.com", null)]
    [InlineData("ada@exam\u200bple.com", null)]
    [InlineData("ada\U000e0041@example.com", null)]
    [InlineData("a da@example.com", null)]
    [InlineData("ada@example.com\n", null)]
    [InlineData("", null)]
    public void An_address_is_one_text_however_its_host_is_written(string typed, string? stored) =>
        EmailAddress.Parse(typed).ShouldBe(stored);

    [Fact]
    public void The_form_before_is_the_host_as_people_read_it()
    {
        EmailAddress.WithUnicodeHost("ada@xn--bcher-kva.example").ShouldBe("ada@bücher.example");
        EmailAddress.WithUnicodeHost("ada").ShouldBe("ada");
        EmailAddress.WithUnicodeHost("ada@a..b").ShouldBe("ada@a..b");
    }
}
